//! A source that reads kept answers in the place of calling out.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};

use super::OfHours;
use crate::domain::{Coordinates, Interval, Site, SiteId, SlotOutcome, ValueKind};
use crate::http::{Fetch, FetchError, Request, Response, StatusCode};
use crate::job::recalled;
use crate::source::history::HistoryCall;
use crate::source::{History, Source};
use crate::vault::Line;

/// Gives the kept answer that was put in, whatever is asked. It holds no client.
#[derive(Debug, Default)]
pub struct KeptAnswers(Mutex<Option<Result<Response, FetchError>>>);

impl KeptAnswers {
    fn put(&self, answer: Result<Response, FetchError>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
    }
}

#[async_trait]
impl Fetch for KeptAnswers {
    async fn fetch(&self, _: Request) -> Result<Response, FetchError> {
        let answer = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        answer.unwrap_or_else(|| {
            let message = "no answer is kept for this call".to_owned();
            Err(FetchError { is_timeout: false, message, status: None })
        })
    }
}

/// A source and its histories.
pub type Made = (Box<dyn Source>, Vec<Box<dyn History>>);

/// A source that reads kept answers.
pub struct Reader {
    answers: Arc<KeptAnswers>,
    source: Box<dyn Source>,
    histories: Vec<Box<dyn History>>,
}

/// What an answer says today.
pub(super) enum Said {
    /// Of the one slot for which it was asked.
    Live(SlotOutcome),
    /// Of each site and hour; `None`: nothing that settles it.
    Past(OfHours),
    /// It fails as a whole.
    Failed(SlotOutcome),
    /// There is no body to read.
    Nothing,
}

impl Said {
    /// What it says of a slot; the outer `None`: there is no body to read.
    pub(super) fn of(
        &self,
        site_id: &str,
        slot_time: DateTime<Utc>,
    ) -> Option<Option<SlotOutcome>> {
        match self {
            Self::Live(outcome) | Self::Failed(outcome) => Some(Some(outcome.clone())),
            Self::Past(of_hours) => {
                let hour = slot_time.duration_trunc(TimeDelta::hours(1)).unwrap_or(slot_time);
                Some(of_hours.get(&(site_id.to_owned(), hour)).cloned().flatten())
            }
            Self::Nothing => None,
        }
    }
}

impl Reader {
    /// The source that `make` builds around kept answers, with all of its histories.
    #[must_use]
    pub fn new(make: impl FnOnce(Arc<KeptAnswers>) -> Made) -> Self {
        let answers = Arc::new(KeptAnswers::default());
        let (source, histories) = make(answers.clone());
        Self { answers, source, histories }
    }

    /// The source's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.source.name()
    }

    /// What a kept answer of this source says today.
    pub(super) async fn read(&self, line: &Line) -> Said {
        let Some(answer) = answer_of(line) else { return Said::Nothing };
        let sites: Vec<Site> = line.site_ids.iter().filter_map(|id| site(id)).collect();
        self.answers.put(answer);
        match line.kind {
            ValueKind::Live => match sites.first() {
                Some(site) => self.read_live(site, line).await,
                None => Said::Nothing,
            },
            ValueKind::Backfill => self.read_past(&sites, line).await,
        }
    }

    async fn read_live(&self, site: &Site, line: &Line) -> Said {
        Said::Live(match self.source.observe(site, line.moment()).await {
            Ok(answer) => SlotOutcome::Collected(Box::new(answer.observation)),
            Err(error) => SlotOutcome::failed(error.kind, &error.message),
        })
    }

    async fn read_past(&self, sites: &[Site], line: &Line) -> Said {
        let hours = |history: &dyn History| history.hours_of(&line.endpoint, &line.params);
        let mut histories = self.histories.iter();
        let Some((history, (first, last))) =
            histories.find_map(|history| Some((history, hours(&**history)?)))
        else {
            return Said::Nothing;
        };
        let call = HistoryCall { sites: sites.iter().collect(), first, last };
        match history.recall(&call).await {
            Ok(all) => Said::Past(OfHours::from_iter(all.iter().map(|each| {
                let outcome = recalled(history.source_name(), each, line.asked_at);
                ((each.site_id.to_string(), each.hour), outcome)
            }))),
            Err(error) => Said::Failed(SlotOutcome::failed(error.kind, &error.message)),
        }
    }
}

/// The answer as a source gets it; `None`: its body is not kept.
fn answer_of(line: &Line) -> Option<Result<Response, FetchError>> {
    let status = line.http_status.and_then(|status| StatusCode::from_u16(status).ok());
    if let Some(message) = &line.kept.error {
        let (is_timeout, message) = (line.kept.is_timeout, message.clone());
        return Some(Err(FetchError { is_timeout, message, status }));
    }
    let (status, body) = (status?, line.body()?);
    Some(Ok(Response { status, headers: Default::default(), body }))
}

/// A site of which nothing counts but its id: the answer is there already.
fn site(site_id: &str) -> Option<Site> {
    Some(Site {
        site_id: SiteId::parse(site_id)?,
        name: site_id.to_owned(),
        coordinates: Coordinates::parse(0.0, 0.0)?,
        timezone: chrono_tz::Tz::UTC,
        country: None,
        elevation_m: None,
        interval: Interval::HOUR,
        active_from: None,
        active_until: None,
        tags: Vec::new(),
    })
}

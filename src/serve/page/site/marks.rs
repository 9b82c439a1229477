//! What is to be said of some hours: they are missing, they were healed, or the source stood still.

use chrono::{DateTime, TimeDelta, Utc};

use super::Scope;
use crate::domain::Days;
use crate::domain::gaps::{Gap, Reason};
use crate::serve::answer::problem::Problem;
use crate::serve::answer::reader::Reader;
use crate::serve::page::cut;
use crate::store::StoreError;
use crate::views::Hour;
use crate::views::gaps::{self, Selection, SiteGap};

/// What is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Hole,
    Healed,
    Frozen,
}

/// Some hours, and what is said of them.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    pub(super) kind: Kind,
    pub(super) from: DateTime<Utc>,
    /// The first moment after them.
    pub(super) to: DateTime<Utc>,
    /// From when to when, on the clocks that the reader wants.
    pub(super) time: String,
    /// How many slots or hours.
    pub(super) count: u64,
    /// What it is, and why.
    pub(super) words: String,
    /// What the source said, if anything.
    pub(super) own: Option<String>,
}

impl Kind {
    /// As style sheet, script and language files name it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Hole => "hole",
            Self::Healed => "healed",
            Self::Frozen => "frozen",
        }
    }
}

/// All marks of a time, the newest first.
pub(super) async fn of(
    reader: &Reader,
    scope: &Scope,
    hours: &[Hour],
) -> Result<Vec<Mark>, Problem> {
    let mut marks = holes(reader, scope).await?;
    marks.extend(
        groups(hours, same_kind)
            .filter(|group| is_healed(&group[0]))
            .map(|group| healed(group, scope)),
    );
    marks.extend(
        groups(hours, same_observation)
            .filter(|group| group.len() > 1)
            .map(|group| frozen(group, scope)),
    );
    marks.sort_by_key(|mark| std::cmp::Reverse((mark.from, mark.kind)));
    Ok(marks)
}

async fn holes(reader: &Reader, scope: &Scope) -> Result<Vec<Mark>, Problem> {
    let (from, to) = (scope.span.from, scope.span.to);
    let days = Days { from: Some(from.date_naive()), to: Some(to.date_naive()) };
    let source = scope.asked.source.as_deref();
    let selection = Selection { source, days, now: scope.now };
    let mut marks = Vec::new();
    let each = |gap| {
        marks.extend(hole(gap, scope));
        Ok::<_, StoreError>(())
    };
    gaps::list(&reader.store, std::slice::from_ref(&scope.place.life), selection, each).await?;
    Ok(marks)
}

fn hole(SiteGap { gap, .. }: SiteGap, scope: &Scope) -> Option<Mark> {
    let gap = due(gap, scope.now)?;
    let (from, to) = (gap.first_slot, gap.last_slot + gap.interval.span());
    let is_shown = to > scope.span.from && from < scope.span.to;
    let words = scope.view.language().reason(&gap.reason);
    let own = gap.message.as_deref().map(cut);
    let mark = || Mark { own, ..Mark::of(Kind::Hole, (from, to), gap.slots, words, scope) };
    is_shown.then(mark)
}

/// Without the slot that is under way, which nobody can have collected yet.
fn due(mut gap: Gap, now: DateTime<Utc>) -> Option<Gap> {
    let is_under_way = gap.last_slot + gap.interval.span() > now;
    if gap.reason == Reason::NeverTried && is_under_way {
        gap.slots -= 1;
        gap.last_slot -= gap.interval.span();
    }
    (gap.slots > 0).then_some(gap)
}

fn healed(group: &[Hour], scope: &Scope) -> Mark {
    let words = scope.view.say("site-healed-why").with("source", group[0].value_source.as_str());
    Mark::of(Kind::Healed, times(group), group.len() as u64, words.to_string(), scope)
}

/// From the second hour on the observation is a repeated one.
fn frozen(group: &[Hour], scope: &Scope) -> Mark {
    let first = scope.view.moment(group[0].observation_time, scope.place.life.timezone);
    let words = scope.view.say("site-frozen-why").with("time", first).with("hours", group.len());
    Mark::of(Kind::Frozen, times(&group[1..]), group.len() as u64 - 1, words.to_string(), scope)
}

fn times(group: &[Hour]) -> (DateTime<Utc>, DateTime<Utc>) {
    let at = |hour: Option<&Hour>| hour.map(|hour| hour.hour).unwrap_or_default();
    (at(group.first()), at(group.last()) + TimeDelta::hours(1))
}

impl Mark {
    fn of(
        kind: Kind,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
        count: u64,
        words: String,
        scope: &Scope,
    ) -> Self {
        let timezone = scope.view.zone(scope.place.life.timezone);
        let time = scope.view.language().between((from, to), timezone);
        Self { kind, from, to, time, count, words, own: None }
    }
}

/// Hours that are alike, one after the other; none is empty.
fn groups(hours: &[Hour], is_alike: fn(&Hour, &Hour) -> bool) -> impl Iterator<Item = &[Hour]> {
    hours.chunk_by(is_alike)
}

fn same_kind(a: &Hour, b: &Hour) -> bool {
    let follows = b.hour - a.hour <= TimeDelta::hours(1);
    follows && a.value_kind == b.value_kind && a.value_source == b.value_source
}

fn same_observation(a: &Hour, b: &Hour) -> bool {
    a.observation_time == b.observation_time && a.value_source == b.value_source
}

pub(super) fn is_healed(hour: &Hour) -> bool {
    hour.value_kind == "backfill"
}

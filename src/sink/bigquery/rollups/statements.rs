//! What the script does about the roll-ups, within its transaction and after it has written the rows.

use super::bounds::{self, FIRST, any, around, is_day, midnight, moment, on_days};
use super::reach::{Reach, Stretch, later};
use super::{Span, columns, query};
use crate::domain::views::{OBSERVATIONS_BY_DAY, OBSERVATIONS_BY_HOUR, RollUpTable, SOURCES_ASKED};
use crate::sink::bigquery::Names;
use crate::sink::bigquery::views::Asked;

/// The variable with the sites of which all days are rolled up: beside those that changed, those of which
/// a source was asked for the first time, or earlier than before.
const SITES: &str = "rollup_sites";

/// What stands at the head of the script, before anything else: its variables.
pub(in crate::sink::bigquery) fn declarations(_: &Names, span: &Span) -> String {
    let Some(reach) = Reach::of(span) else { return String::new() };
    let of_stretch = |index: usize| [since(index), oldest(index), newest(index)].join(", ");
    let times = (0..reach.days.len()).map(of_stretch).collect::<Vec<_>>().join(", ");
    format!("declare {SITES} array<string>;\ndeclare {times} timestamp;\n")
}

/// The statements that roll up, each ended by `;` and a new line.
pub(in crate::sink::bigquery) fn statements(names: &Names, span: &Span) -> String {
    match Reach::of(span) {
        None => everything(names, span),
        Some(reach) => Script { names, span, reach }.statements(),
    }
}

fn everything(names: &Names, span: &Span) -> String {
    let asked = Asked {
        slots: Some(format!("slot_time >= {FIRST}")),
        observations: Some(format!("observation_time >= {FIRST}")),
        ..Asked::everything(&moment(span.as_of))
    };
    [
        rewrite(&SOURCES_ASKED, names, "true", &asked),
        rewrite(&OBSERVATIONS_BY_HOUR, names, &format!("hour >= {FIRST}"), &asked),
        rewrite(&OBSERVATIONS_BY_DAY, names, &format!("local_date >= {FIRST_DATE}"), &asked),
    ]
    .concat()
}

const FIRST_DATE: &str = "date '0001-01-01'";

/// Puts what the definition says in the place of the rows that meet a condition.
fn rewrite(rollup: &RollUpTable, names: &Names, condition: &str, asked: &Asked) -> String {
    let (table, columns) = (names.public(rollup.name), columns(rollup));
    let query = query(rollup, names, asked);
    format!("delete from {table} where {condition};\ninsert into {table} ({columns})\n{query};\n")
}

/// From when on slots are read for a stretch of local days.
fn since(index: usize) -> String {
    format!("rollup_since_{index}")
}

/// The oldest and the newest observation of those slots.
fn oldest(index: usize) -> String {
    format!("rollup_oldest_{index}")
}

fn newest(index: usize) -> String {
    format!("rollup_newest_{index}")
}

struct Script<'a> {
    names: &'a Names,
    span: &'a Span,
    reach: Reach,
}

impl Script<'_> {
    fn statements(&self) -> String {
        [self.of_sites(), self.bounds(), self.hours(), self.days()].concat()
    }

    /// Sites of which all days are rolled up.
    fn of_sites(&self) -> String {
        if self.reach.hours.is_empty() && self.span.sites.is_empty() {
            return String::new();
        }
        let asked_earlier = self.asked_earlier();
        let literal: Vec<_> = self.span.sites.iter().map(|site_id| text(site_id)).collect();
        let literal = literal.join(", ");
        let (changed, hours) = match self.span.sites.is_empty() {
            true => (String::new(), String::new()),
            false => (
                format!("\n  union all select site_id from unnest([{literal}]) as site_id"),
                self.rewrite_sites(&OBSERVATIONS_BY_HOUR, &format!("site_id in ({literal})")),
            ),
        };
        let is_one = format!("site_id in unnest({SITES})");
        let days = self.rewrite_sites(&OBSERVATIONS_BY_DAY, &is_one);
        let first_asked = self.first_asked();
        format!(
            "set {SITES} = (select array_agg(distinct site_id) from (\n  {asked_earlier}{changed}\n));
{hours}if array_length({SITES}) > 0 then
{first_asked}{days}end if;\n"
        )
    }

    /// When each source was first asked on the days that were written.
    fn asked_now(&self) -> String {
        let slots = self.names.public("collection_slots");
        let days = any(self.reach.hours.iter().map(|of| on_days("slot_time", of)));
        format!(
            "(select site_id, source, min(slot_time) as first_slot_time from {slots} where {days} group by site_id, source)"
        )
    }

    fn asked_earlier(&self) -> String {
        let (now, kept) = (self.asked_now(), self.names.public(SOURCES_ASKED.name));
        format!(
            "select c.site_id from {now} c
  left join {kept} a on a.site_id = c.site_id and a.source = c.source
  where a.site_id is null or c.first_slot_time < a.first_slot_time"
        )
    }

    fn first_asked(&self) -> String {
        let (now, kept) = (self.asked_now(), self.names.public(SOURCES_ASKED.name));
        format!(
            "merge {kept} a using {now} c on a.site_id = c.site_id and a.source = c.source
when matched and c.first_slot_time < a.first_slot_time then update set first_slot_time = c.first_slot_time
when not matched then insert (site_id, source, first_slot_time) values (c.site_id, c.source, c.first_slot_time);\n"
        )
    }

    /// Every day of these sites.
    fn rewrite_sites(&self, rollup: &RollUpTable, is_one: &str) -> String {
        let asked = Asked {
            sites: Some(is_one.to_owned()),
            slots: Some(format!("slot_time >= {FIRST}")),
            observations: Some(format!("observation_time >= {FIRST}")),
            ..Asked::everything(&moment(self.span.as_of))
        };
        let first = match rollup.day_of {
            Some("hour") => format!("hour >= {FIRST} and "),
            _ => format!("local_date >= {FIRST_DATE} and "),
        };
        rewrite(rollup, self.names, &format!("{first}{is_one}"), &asked)
    }

    /// Fills the variables.
    fn bounds(&self) -> String {
        let slots = self.names.public("collection_slots");
        let of = |(index, stretch): (usize, &Stretch)| {
            let from = on_days("slot_time", &around(stretch));
            let of_slots = self.slots(index, stretch);
            let [since, oldest, newest] = [since(index), oldest(index), newest(index)];
            let (expression, is_last) = (bounds::since(stretch), self.is_last(index));
            let newest = match is_last {
                true => String::new(),
                false => format!(
                    "set {newest} = (select max(observation_time) from {slots} where {of_slots});\n"
                ),
            };
            format!(
                "set {since} = (select {expression} from {slots} where {from});
set {oldest} = (select min(observation_time) from {slots} where {of_slots});
{newest}"
            )
        };
        self.reach.days.iter().enumerate().map(of).collect()
    }

    /// Behind the last days there are no others: how new their observations are needs not be known.
    fn is_last(&self, index: usize) -> bool {
        index + 1 == self.reach.days.len()
    }

    /// The slots that are read for a stretch of local days.
    fn slots(&self, index: usize, stretch: &Stretch) -> String {
        let until = midnight(later(around(stretch).last, 1));
        format!("slot_time >= {} and slot_time < {until}", since(index))
    }

    /// The observations that are read for a stretch, from `from` on.
    fn observations(&self, index: usize, from: &str) -> String {
        match self.is_last(index) {
            true => format!("observation_time >= {from}"),
            false => {
                format!("observation_time >= {from} and observation_time <= {}", newest(index))
            }
        }
    }

    fn hours(&self) -> String {
        if self.reach.hours.is_empty() {
            return String::new();
        }
        let hours = &self.reach.hours;
        let has_hours =
            |of: &Stretch| hours.iter().any(|hour| of.first <= hour.first && hour.last <= of.last);
        let stretches = self.reach.days.iter().enumerate().filter(|(_, of)| has_hours(of));
        let asked = Asked {
            slots: Some(any(hours.iter().map(|of| on_days("slot_time", of)))),
            observations: Some(any(
                stretches.map(|(index, _)| self.observations(index, &since(index)))
            )),
            ..Asked::everything(&moment(self.span.as_of))
        };
        let days = any(hours.iter().map(|of| on_days("hour", of)));
        rewrite(&OBSERVATIONS_BY_HOUR, self.names, &days, &asked)
    }

    fn days(&self) -> String {
        let days = &self.reach.days;
        let indexed = || days.iter().enumerate();
        let asked = Asked {
            as_of: moment(self.span.as_of),
            stretches: bounds::stretches(days),
            is_asked_for: bounds::is_asked_for(days),
            slots: Some(any(indexed().map(|(index, of)| self.slots(index, of)))),
            observations: Some(any(
                indexed().map(|(index, _)| self.observations(index, &oldest(index)))
            )),
            ..Asked::everything("")
        };
        let local_days = any(days.iter().map(|of| is_day("local_date", of)));
        rewrite(&OBSERVATIONS_BY_DAY, self.names, &local_days, &asked)
    }
}

/// A text as SQL writes it.
fn text(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests;

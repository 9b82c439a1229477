//! What `OpenWeatherMap` allows, by plan.

/// A plan of `OpenWeatherMap`. Its limits hold for the account, all keys added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Its name, lower case.
    pub name: &'static str,
    /// Calls in a minute at most.
    pub calls_per_minute: u32,
    /// Calls in a calendar month at most.
    pub calls_per_month: u64,
    /// Price of a month in pounds sterling.
    pub gbp_per_month: u32,
}

/// The plans, smallest first (<https://openweathermap.org/full-price>).
pub const PLANS: [Plan; 5] = [
    Plan { name: "free", calls_per_minute: 60, calls_per_month: 1_000_000, gbp_per_month: 0 },
    Plan { name: "startup", calls_per_minute: 600, calls_per_month: 10_000_000, gbp_per_month: 30 },
    Plan {
        name: "developer",
        calls_per_minute: 3_000,
        calls_per_month: 100_000_000,
        gbp_per_month: 140,
    },
    Plan {
        name: "professional",
        calls_per_minute: 30_000,
        calls_per_month: 1_000_000_000,
        gbp_per_month: 370,
    },
    Plan {
        name: "expert",
        calls_per_minute: 100_000,
        calls_per_month: 3_000_000_000,
        gbp_per_month: 1_200,
    },
];

impl Plan {
    /// The plan of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        PLANS.iter().find(|plan| plan.name == name)
    }

    /// The smallest plan that allows so many calls per minute; `None` when no plan does, or for
    /// 0, which is no limit.
    #[must_use]
    pub fn find_allowing(calls_per_minute: f64) -> Option<&'static Self> {
        let limit = Some(calls_per_minute).filter(|limit| *limit > 0.0)?;
        PLANS.iter().find(|plan| limit <= f64::from(plan.calls_per_minute))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_is_found_by_the_limit() {
        let name = |limit| Plan::find_allowing(limit).map(|plan| plan.name);
        assert_eq!((name(60.0), name(0.5)), (Some("free"), Some("free")));
        assert_eq!((name(61.0), name(100_000.0)), (Some("startup"), Some("expert")));
        assert_eq!((name(0.0), name(f64::NAN), name(1e9)), (None, None, None));
    }
}

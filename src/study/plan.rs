//! On which days a run is looked at, and what is asked for there.

/// Days on which a run is measured.
#[derive(Debug, Clone, PartialEq)]
pub enum Looks {
    /// From day 0 every so many days, and on the last one.
    Every {
        /// Days between two looks.
        days: f64,
        /// The last one.
        last: f64,
    },
    /// On these days, in their order.
    On(Vec<f64>),
    /// On day 0 and after every step, until the last day is reached.
    EachStep {
        /// The last one.
        last: f64,
    },
}

impl Looks {
    /// The day of a look, counted from 0; none beyond the last one, and where steps decide.
    pub fn day(&self, number: usize) -> Option<f64> {
        match self {
            // Counted, not added up: a thousand tenths are a hundred.
            Self::Every { days, last } => {
                let before = number.checked_sub(1).map(|before| before as f64 * days);
                let is_beyond = before.is_some_and(|before| before >= last - 1e-9);
                (!is_beyond).then(|| (number as f64 * days).min(*last))
            }
            Self::On(days) => days.get(number).copied(),
            Self::EachStep { .. } => None,
        }
    }

    /// Whether a look is the last one.
    pub fn is_last(&self, number: usize) -> bool {
        self.day(number + 1).is_none()
    }
}

/// Days on which bones are tested to failure; each test costs a solve of its own.
#[derive(Debug, Clone, PartialEq)]
pub enum Tests {
    /// Never.
    Never,
    /// On the first and the last day that is looked at.
    Ends,
    /// Whenever the run is looked at.
    Always,
    /// On these days.
    On(Vec<f64>),
}

/// What is asked of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// When it is measured.
    pub looks: Looks,
    /// When bones are tested to failure.
    pub tests: Tests,
    /// Whether how bone lies against stress is told.
    pub orientation: bool,
}

impl Plan {
    /// Looks alone: no bone is tested.
    pub fn of(looks: Looks) -> Self {
        Self {
            looks,
            tests: Tests::Never,
            orientation: false,
        }
    }

    /// Whether bones are tested at a look.
    pub fn is_tested(&self, number: usize) -> bool {
        match &self.tests {
            Tests::Never => false,
            Tests::Always => true,
            Tests::Ends => number == 0 || self.looks.is_last(number),
            Tests::On(days) => {
                let day = self.looks.day(number);
                day.is_some_and(|day| days.iter().any(|d| (d - day).abs() < 1e-6))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(looks: &Looks) -> Vec<f64> {
        (0..).map_while(|k| looks.day(k)).collect()
    }

    #[test]
    fn looks_end_with_the_last_day() {
        let every = |days, last| Looks::Every { days, last };
        assert_eq!(days(&every(30.0, 100.0)), [0.0, 30.0, 60.0, 90.0, 100.0]);
        assert_eq!(days(&every(25.0, 50.0)), [0.0, 25.0, 50.0]);
        assert_eq!(days(&every(7.0, 0.5)), [0.0, 0.5]);
        assert_eq!(days(&every(0.1, 100.0)).len(), 1001);
        assert_eq!(days(&Looks::On(vec![0.0, 8.0, 180.0])), [0.0, 8.0, 180.0]);
        assert!(every(30.0, 100.0).is_last(4) && !every(30.0, 100.0).is_last(3));
    }

    #[test]
    fn bones_are_tested_when_asked() {
        let plan = |tests| Plan {
            looks: Looks::Every {
                days: 10.0,
                last: 30.0,
            },
            tests,
            orientation: false,
        };
        let tested = |tests| -> Vec<bool> {
            let plan = plan(tests);
            (0..4).map(|k| plan.is_tested(k)).collect()
        };
        assert_eq!(tested(Tests::Never), [false; 4]);
        assert_eq!(tested(Tests::Always), [true; 4]);
        assert_eq!(tested(Tests::Ends), [true, false, false, true]);
        assert_eq!(tested(Tests::On(vec![20.0])), [false, false, true, false]);
    }
}

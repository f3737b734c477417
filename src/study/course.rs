//! Courses of quantities over the days of a run, and the rows of `timeseries.csv` that they make.

use serde::{Deserialize, Serialize};

use crate::io::Row;
use crate::measure::{Measurement, Quantity, Subject};

/// What one column of numbers is of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Column {
    region: String,
    subject: String,
    quantity: String,
    unit: String,
    /// On the first day that it was measured.
    first: f64,
}

/// One day's numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Day {
    at: f64,
    gravity: f64,
    /// Column and value.
    cells: Vec<(usize, f64)>,
}

/// Numbers by day, as they were measured: a column a quantity of a region.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Courses {
    columns: Vec<Column>,
    days: Vec<Day>,
}

impl Courses {
    /// Adds a day.
    pub fn record(&mut self, day: f64, gravity: f64, measured: &[Measurement]) {
        let cells = measured
            .iter()
            .map(|m| (self.column_of(m), m.value))
            .collect();
        self.days.push(Day {
            at: (day * 1e6).round() / 1e6,
            gravity,
            cells,
        });
    }

    fn column_of(&mut self, m: &Measurement) -> usize {
        let subject = subject(m.quantity);
        let found = self.columns.iter().position(|c| {
            c.region == m.region && c.quantity == m.quantity.key() && c.subject == subject
        });
        found.unwrap_or_else(|| {
            self.columns.push(Column {
                region: m.region.to_owned(),
                subject: subject.to_owned(),
                quantity: m.quantity.key().to_owned(),
                unit: m.quantity.unit().to_owned(),
                first: m.value,
            });
            self.columns.len() - 1
        })
    }

    /// Days recorded.
    pub fn len(&self) -> usize {
        self.days.len()
    }

    /// Whether no day was recorded.
    pub fn is_empty(&self) -> bool {
        self.days.is_empty()
    }

    /// The last day.
    pub fn last_day(&self) -> f64 {
        self.days.last().map_or(0.0, |d| d.at)
    }

    /// Forgets days after `day`.
    pub fn forget_after(&mut self, day: f64) {
        self.days.retain(|d| d.at <= day + 1e-6);
    }

    /// The last value of a quantity of a region.
    pub fn last(&self, region: &str, quantity: Quantity) -> Option<f64> {
        let column = self.column(region, quantity)?;
        let of_day = |d: &Day| d.cells.iter().find(|(c, _)| *c == column).map(|c| c.1);
        self.days.iter().rev().find_map(of_day)
    }

    /// The last change since the first day, %.
    pub fn last_change(&self, region: &str, quantity: Quantity) -> Option<f64> {
        let column = self.column(region, quantity)?;
        Some(percent(
            self.columns[column].first,
            self.last(region, quantity)?,
        ))
    }

    fn column(&self, region: &str, quantity: Quantity) -> Option<usize> {
        self.columns.iter().position(|c| {
            c.region == region && c.quantity == quantity.key() && c.subject == subject(quantity)
        })
    }

    /// Day and change since the first day, %, of a quantity of a region.
    pub fn change(&self, region: &str, quantity: Quantity) -> Vec<(f64, f64)> {
        let Some(column) = self.column(region, quantity) else {
            return Vec::new();
        };
        let of_day = |d: &Day| {
            let (_, value) = d.cells.iter().find(|(c, _)| *c == column)?;
            Some((d.at, percent(self.columns[column].first, *value)))
        };
        self.days.iter().filter_map(of_day).collect()
    }

    /// Each course with its region and its quantity's key: by whole day, not a number where it was
    /// not measured.
    pub fn each(&self) -> impl Iterator<Item = (&str, &str, Vec<f64>)> {
        self.columns.iter().enumerate().map(|(column, c)| {
            let mut course = Vec::new();
            for d in &self.days {
                if let Some((_, value)) = d.cells.iter().find(|(k, _)| *k == column) {
                    course.resize(d.at.round() as usize, f64::NAN);
                    course.push(*value);
                }
            }
            (c.region.as_str(), c.quantity.as_str(), course)
        })
    }

    /// As `timeseries.csv` has them.
    pub fn rows(&self) -> Vec<Row> {
        self.rows_from(0)
    }

    /// The same from the `first` day recorded on, counted from 0.
    pub fn rows_from(&self, first: usize) -> Vec<Row> {
        let of_day = |d: &Day| -> Vec<Row> {
            let row = |(column, value): &(usize, f64)| {
                let c = &self.columns[*column];
                Row {
                    day: d.at,
                    gravity: d.gravity,
                    region: c.region.clone(),
                    quantity: c.quantity.clone(),
                    unit: c.unit.clone(),
                    value: *value,
                    change_pct: percent(c.first, *value),
                }
            };
            d.cells.iter().map(row).collect()
        };
        self.days.iter().skip(first).flat_map(of_day).collect()
    }

    /// Whether every cell has its column: what was read from a file may be anything.
    pub fn is_whole(&self) -> bool {
        let known = |(column, _): &(usize, f64)| *column < self.columns.len();
        self.days.iter().all(|d| d.cells.iter().all(known))
    }
}

fn percent(first: f64, value: f64) -> f64 {
    if first == 0.0 {
        0.0
    } else {
        100.0 * (value - first) / first
    }
}

fn subject(quantity: Quantity) -> &'static str {
    match quantity.subject() {
        Subject::Bone => "bone",
        Subject::Muscle => "muscle",
        Subject::Body => "body",
    }
}

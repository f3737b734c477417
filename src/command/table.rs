//! What is measured over the days of a run, and the rows of `timeseries.csv` that it makes.

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

/// Numbers by day, as they were measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Table {
    columns: Vec<Column>,
    days: Vec<Day>,
}

impl Table {
    /// Adds a day.
    pub(super) fn record(&mut self, day: f64, gravity: f64, measured: &[Measurement]) {
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
    pub(super) fn len(&self) -> usize {
        self.days.len()
    }

    /// The last day.
    pub(super) fn last_day(&self) -> f64 {
        self.days.last().map_or(0.0, |d| d.at)
    }

    /// Day and change since the first day, %, of a quantity of a region.
    pub(super) fn change(&self, region: &str, quantity: Quantity) -> Vec<(f64, f64)> {
        let column = self.columns.iter().position(|c| {
            c.region == region && c.quantity == quantity.key() && c.subject == subject(quantity)
        });
        let of_day = |d: &Day| {
            let (column, value) = d.cells.iter().find(|(c, _)| Some(*c) == column)?;
            Some((d.at, percent(self.columns[*column].first, *value)))
        };
        self.days.iter().filter_map(of_day).collect()
    }

    /// As `timeseries.csv` has them.
    pub(super) fn rows(&self) -> Vec<Row> {
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
        self.days.iter().flat_map(of_day).collect()
    }

    /// Whether every cell has its column: what was read from a file may be anything.
    pub(super) fn is_whole(&self) -> bool {
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

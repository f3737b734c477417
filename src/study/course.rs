//! Courses of quantities over the days of a run, and the rows of `timeseries.csv` that they make.

use serde::{Deserialize, Serialize};

use crate::io::Row;
use crate::measure::{Measurement, Quantity, Subject};

/// A quantity of a region over the days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Column {
    region: String,
    subject: String,
    quantity: String,
    unit: String,
    /// By day, in the order of [`Courses::days`]; not a number where it was not measured.
    #[serde(with = "in_base64")]
    values: Vec<f64>,
}

/// Numbers as the base64 of their bytes (f64, little-endian): a long run's columns hold millions,
/// and as text they take several times the memory, each time that the run is kept.
mod in_base64 {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::de::{Deserialize as _, Deserializer, Error as _};
    use serde::ser::Serializer;

    #[expect(clippy::ptr_arg, reason = "serde hands over the field")]
    pub(super) fn serialize<S: Serializer>(values: &Vec<f64>, to: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        to.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f64>, D::Error> {
        let text = String::deserialize(from)?;
        let bytes = STANDARD.decode(text).map_err(D::Error::custom)?;
        let (numbers, rest) = bytes.as_chunks::<8>();
        if !rest.is_empty() {
            return Err(D::Error::custom("a column ends within a number"));
        }
        Ok(numbers.iter().map(|b| f64::from_le_bytes(*b)).collect())
    }
}

impl Column {
    /// What was measured, with the number of its day.
    fn measured(&self) -> impl DoubleEndedIterator<Item = (usize, f64)> {
        let values = self.values.iter().copied().enumerate();
        values.filter(|(_, value)| !value.is_nan())
    }

    /// On the first day that it was measured.
    fn first(&self) -> f64 {
        self.measured().next().map_or(f64::NAN, |(_, value)| value)
    }
}

/// Numbers by day, as they were measured: a column a quantity of a region.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Courses {
    days: Vec<f64>,
    /// Gravity along the legs on each day, g.
    gravity: Vec<f64>,
    columns: Vec<Column>,
}

impl Courses {
    /// Adds a day.
    pub fn record(&mut self, day: f64, gravity: f64, measured: &[Measurement]) {
        let before = self.days.len();
        self.days.push((day * 1e6).round() / 1e6);
        self.gravity.push(gravity);
        for m in measured {
            let column = self.position(m.region, m.quantity).unwrap_or_else(|| {
                self.columns.push(Column {
                    region: m.region.to_owned(),
                    subject: subject(m.quantity).to_owned(),
                    quantity: m.quantity.key().to_owned(),
                    unit: m.quantity.unit().to_owned(),
                    values: vec![f64::NAN; before],
                });
                self.columns.len() - 1
            });
            let values = &mut self.columns[column].values;
            values.truncate(before);
            values.push(m.value);
        }
        for column in &mut self.columns {
            column.values.resize(before + 1, f64::NAN);
        }
    }

    fn position(&self, region: &str, quantity: Quantity) -> Option<usize> {
        self.columns.iter().position(|c| {
            c.quantity == quantity.key() && c.region == region && c.subject == subject(quantity)
        })
    }

    fn column(&self, region: &str, quantity: Quantity) -> Option<&Column> {
        Some(&self.columns[self.position(region, quantity)?])
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
        self.days.last().copied().unwrap_or(0.0)
    }

    /// Forgets days after `day`.
    pub fn forget_after(&mut self, day: f64) {
        let left = self.days.partition_point(|d| *d <= day + 1e-6);
        self.days.truncate(left);
        self.gravity.truncate(left);
        for column in &mut self.columns {
            column.values.truncate(left);
        }
        self.columns.retain(|c| c.measured().next().is_some());
    }

    /// The last value of a quantity of a region.
    pub fn last(&self, region: &str, quantity: Quantity) -> Option<f64> {
        let last = self.column(region, quantity)?.measured().next_back();
        last.map(|(_, value)| value)
    }

    /// The last change since the first day, %.
    pub fn last_change(&self, region: &str, quantity: Quantity) -> Option<f64> {
        let first = self.column(region, quantity)?.first();
        Some(percent(first, self.last(region, quantity)?))
    }

    /// A quantity of a region on the last day at or before `day` on which it was measured: that
    /// day, its value, and its change since the first day, %.
    pub fn on_day(&self, region: &str, quantity: Quantity, day: f64) -> Option<[f64; 3]> {
        let column = self.column(region, quantity)?;
        let until = column.measured();
        let until = until.take_while(|(k, _)| self.days[*k] <= day + 1e-6);
        let (k, value) = until.last()?;
        Some([self.days[k], value, percent(column.first(), value)])
    }

    /// Regions and quantities that were measured, in the order of tables.
    pub fn measured(&self) -> impl Iterator<Item = (&str, Quantity)> {
        self.columns.iter().filter_map(|c| {
            let all = Quantity::ALL.iter().copied();
            let mut all = all.filter(|q| q.key() == c.quantity && subject(*q) == c.subject);
            Some((c.region.as_str(), all.next()?))
        })
    }

    /// Day and change since the first day, %, of a quantity of a region.
    pub fn change(&self, region: &str, quantity: Quantity) -> Vec<(f64, f64)> {
        let Some(column) = self.column(region, quantity) else {
            return Vec::new();
        };
        let first = column.first();
        let measured = column.measured();
        measured
            .map(|(k, value)| (self.days[k], percent(first, value)))
            .collect()
    }

    /// Each course with its region and its quantity's key: by whole day, not a number where it was
    /// not measured.
    pub fn each(&self) -> impl Iterator<Item = (&str, &str, Vec<f64>)> {
        self.columns.iter().map(|column| {
            let mut course = Vec::new();
            for (k, value) in column.measured() {
                course.resize(self.days[k].round() as usize, f64::NAN);
                course.push(value);
            }
            (column.region.as_str(), column.quantity.as_str(), course)
        })
    }

    /// As `timeseries.csv` has them.
    pub fn rows(&self) -> Vec<Row> {
        self.rows_from(0)
    }

    /// The same from the `first` day recorded on, counted from 0.
    pub fn rows_from(&self, first: usize) -> Vec<Row> {
        self.rows_of(first..self.days.len())
    }

    /// The same of some of the days recorded, counted from 0: all at once take more memory than all
    /// else of a long run.
    pub fn rows_of(&self, recorded: std::ops::Range<usize>) -> Vec<Row> {
        let firsts: Vec<f64> = self.columns.iter().map(Column::first).collect();
        let mut rows = Vec::new();
        for k in recorded {
            for (column, first) in self.columns.iter().zip(&firsts) {
                let value = column.values[k];
                if !value.is_nan() {
                    rows.push(Row {
                        day: self.days[k],
                        gravity_g: self.gravity[k],
                        region: column.region.clone(),
                        quantity: column.quantity.clone(),
                        unit: column.unit.clone(),
                        value,
                        change_pct: percent(*first, value),
                    });
                }
            }
        }
        rows
    }

    /// Whether every column has a value for each day: what was read from a file may be anything.
    pub fn is_whole(&self) -> bool {
        let days = self.days.len();
        self.gravity.len() == days && self.columns.iter().all(|c| c.values.len() == days)
    }
}

/// A change, %, as people read it: signed, with a true minus, and 0.0 without either.
/// ```
/// use mechanostat::study::told_percent;
/// let told = [4.0, -4.52, -0.04].map(told_percent);
/// assert_eq!(told, ["+4.0 %", "−4.5 %", "0.0 %"]);
/// ```
pub fn told_percent(change: f64) -> String {
    match format!("{change:+.1} %").as_str() {
        "+0.0 %" | "-0.0 %" => "0.0 %".to_owned(),
        moved => moved.replace('-', "−"),
    }
}

/// Change since `first`, %.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(quantity: Quantity, value: f64) -> Measurement {
        Measurement {
            region: "total_hip",
            quantity,
            value,
        }
    }

    #[test]
    fn what_is_not_measured_every_day_has_gaps() {
        let mut courses = Courses::default();
        let both = [
            measured(Quantity::Bmd, 200.0),
            measured(Quantity::Strength, 4000.0),
        ];
        courses.record(0.0, 1.0, &both);
        courses.record(1.0, 0.0, &[measured(Quantity::Bmd, 199.0)]);
        courses.record(2.0, 0.0, &[measured(Quantity::Strength, 3000.0)]);
        assert!(courses.is_whole());
        let strength = courses.change("total_hip", Quantity::Strength);
        assert_eq!(strength, [(0.0, 0.0), (2.0, -25.0)]);
        assert_eq!(courses.last("total_hip", Quantity::Bmd), Some(199.0));
        assert_eq!(courses.rows().len(), 4);
        assert_eq!(courses.rows_from(1).len(), 2);
        // A muscle's strength is another quantity.
        assert_eq!(courses.last("total_hip", Quantity::MuscleStrength), None);
        let (_, _, by_day) = courses.each().nth(1).unwrap_or_default();
        assert!(by_day[1].is_nan() && by_day[2] > 2999.0);
        courses.forget_after(1.0);
        assert_eq!((courses.len(), courses.last_day()), (2, 1.0));
        assert_eq!(courses.rows().len(), 3);
    }

    #[test]
    fn a_quantity_measured_for_the_first_time_later_changes_from_there() {
        let mut courses = Courses::default();
        courses.record(0.0, 1.0, &[measured(Quantity::Bmd, 200.0)]);
        courses.record(1.0, 1.0, &[measured(Quantity::Strength, 100.0)]);
        courses.record(2.0, 1.0, &[measured(Quantity::Strength, 110.0)]);
        let strength = courses.change("total_hip", Quantity::Strength);
        assert_eq!(strength.len(), 2);
        assert!((strength[1].1 - 10.0).abs() < 1e-12);
        // What was only measured later is forgotten with its days.
        courses.forget_after(0.0);
        assert_eq!(courses.last("total_hip", Quantity::Strength), None);
    }
}

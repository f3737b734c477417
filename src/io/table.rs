//! Tidy tables.

use std::fmt::Write as _;

/// One row of `timeseries.csv`.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Day.
    pub day: f64,
    /// Gravity, g.
    pub gravity: f64,
    /// Region.
    pub region: String,
    /// Quantity.
    pub quantity: String,
    /// Unit.
    pub unit: String,
    /// Value.
    pub value: f64,
    /// Change against day 0, %.
    pub change_pct: f64,
}

/// The first line of a table.
pub fn csv_header() -> &'static str {
    "day,gravity_g,region,quantity,unit,value,change_pct\n"
}

/// Rows as CSV with a header, one line each, `.` for the decimal point.
pub fn csv(rows: &[Row]) -> String {
    csv_header().to_owned() + &csv_rows(rows)
}

/// Rows as CSV, one line each.
pub fn csv_rows(rows: &[Row]) -> String {
    let mut text = String::new();
    for r in rows {
        // Writing to a String cannot fail.
        writeln!(
            text,
            "{},{},{},{},{},{:.6e},{:.4}",
            r.day,
            r.gravity,
            r.region,
            r.quantity,
            r.unit,
            r.value,
            r.change_pct + 0.0
        )
        .ok();
    }
    text
}

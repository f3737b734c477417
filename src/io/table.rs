//! Tidy tables.

/// One row of `timeseries.csv`.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Day.
    pub day: f64,
    /// Gravity, g.
    pub gravity_g: f64,
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

const HEADER: [&str; 7] = [
    "day",
    "gravity_g",
    "region",
    "quantity",
    "unit",
    "value",
    "change_pct",
];

/// Rows as CSV with a header, one line each, `.` for the decimal point.
pub fn csv(rows: &[Row]) -> Vec<u8> {
    records(std::iter::once(HEADER.map(str::to_owned)).chain(rows.iter().map(cells)))
}

/// Rows as CSV, one line each.
pub fn csv_rows(rows: &[Row]) -> Vec<u8> {
    records(rows.iter().map(cells))
}

fn cells(row: &Row) -> [String; 7] {
    [
        row.day.to_string(),
        row.gravity_g.to_string(),
        row.region.clone(),
        row.quantity.clone(),
        row.unit.clone(),
        format!("{:.6e}", row.value),
        // Not -0.0000.
        format!("{:.4}", row.change_pct + 0.0),
    ]
}

/// Records as CSV, one line each, the first of them a header.
pub fn records<R: IntoIterator<Item = String>>(records: impl IntoIterator<Item = R>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for record in records {
        // Writing to memory cannot fail.
        writer.write_record(record).ok();
    }
    writer.into_inner().unwrap_or_default()
}

//! What is measured: sums over regions every day, and tests that cost a solve of their own.

mod catalogue;
pub mod compression;
mod day_tissue;
pub mod orientation;
mod regions;
pub mod strength;

pub use catalogue::{Measurement, Quantity, Subject, WHOLE_BODY, value_of};
pub use compression::{
    Compressed, Compression, CompressionTest, Plates, compression, strain_energy,
};
pub use day_tissue::{DayPacker, DayTissue, PendingDay, day_tissue_shader};
pub use orientation::{Orientation, PendingOrientation};
pub use regions::{PendingMeasurements, RegionSums, connectivity_shader, regions_shader};
pub use strength::{Strength, StrengthTest};

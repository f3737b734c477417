//! Mechanostat: bone and muscle answering gravity, on the graphics adapter.

pub mod gpu;
pub mod located;
pub mod measure;
pub mod physiology;
pub mod scenario;
pub mod sim;
pub mod tissue;
pub mod volume;

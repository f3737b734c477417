//! Pictures of the lattice: fields, camera, colour maps, the ray march, off-screen images. Each
//! view owns its outputs.

mod camera;
mod colormap;
mod field;
mod picture;
mod ray_march;

pub use camera::{Camera, scale_bar, tick};
pub use colormap::Colormap;
pub use field::{Field, FieldKind, shader as field_shader};
pub use picture::{Cut, Picture};
pub use ray_march::{RayMarch, SHADER, ViewUniform};

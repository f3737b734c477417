//! Pictures of the lattice: camera, colour maps, the ray march, off-screen images.

mod camera;
mod colormap;
mod ray_march;

pub use camera::{Camera, scale_bar, tick};
pub use colormap::Colormap;
pub use ray_march::{Cut, Picture, RayMarch, SHADER, ViewUniform};

//! Pictures of the lattice: fields, camera, colour maps, the ray march, off-screen images. Each
//! view owns its outputs.

mod camera;
mod colormap;
mod distance;
mod exposure;
mod field;
mod look;
mod muscle_set;
mod picture;
mod place;
mod probe;
mod projection;
mod ray_march;
mod shape;
mod vision;

pub use camera::{Camera, scale_bar, tick};
pub use colormap::Colormap;
pub use exposure::{EXPOSURE, ExposureUniform};
pub use field::{Above, Field, FieldKind, Past, shader as field_shader};
pub use look::{Look, contour, round_range};
pub use muscle_set::MuscleSet;
pub use picture::{Cut, Muscles, Opacity, Paint, Picture, PictureError, Style, Tile};
pub use place::{Finder, Hit, Way, gravity_arrow, ways};
pub use probe::{Probe, Probed};
pub use projection::{Areal, BeamUniform, PROJECTION, Projection};
pub use ray_march::{
    IVORY, PRINT_SAMPLES, RayMarch, STILL_SAMPLES, ViewUniform, shader as ray_march_shader,
};
pub use shape::{ShapeUniform, shader as shape_shader};
pub use vision::{Vision, contrast};

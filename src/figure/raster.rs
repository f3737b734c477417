//! Pixels: pictures put into a figure, and figures drawn to pixels.

use base64::Engine as _;
use resvg::tiny_skia;

use super::export::tree;

/// Why a figure could not be drawn.
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    /// The layout could not be read or drawn.
    #[error("the figure could not be drawn: {0}")]
    Draw(String),
    /// The image could not be encoded.
    #[error("the figure could not be encoded: {0}")]
    Encode(#[from] png::EncodingError),
}

/// An RGBA picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raster {
    /// Width and height.
    pub size: [u32; 2],
    /// Rows of RGBA, straight alpha.
    pub pixels: Vec<u8>,
}

impl Raster {
    /// As a PNG file; without alpha where nothing is seen through.
    /// # Errors
    /// [`FigureError::Encode`].
    pub fn encode(&self, dots_per_inch: Option<f64>) -> Result<Vec<u8>, FigureError> {
        self.encode_with(dots_per_inch, None)
    }

    /// The same, with a text under a keyword.
    pub(super) fn encode_with(
        &self,
        dots_per_inch: Option<f64>,
        text: Option<(&str, &str)>,
    ) -> Result<Vec<u8>, FigureError> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.size[0], self.size[1]);
        let is_opaque = self.pixels.chunks_exact(4).all(|p| p[3] == 255);
        encoder.set_color(if is_opaque {
            png::ColorType::Rgb
        } else {
            png::ColorType::Rgba
        });
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
        if let Some(dpi) = dots_per_inch {
            let per_metre = (dpi / 0.0254).round() as u32;
            encoder.set_pixel_dims(Some(png::PixelDimensions {
                xppu: per_metre,
                yppu: per_metre,
                unit: png::Unit::Meter,
            }));
        }
        if let Some((keyword, text)) = text {
            encoder.add_itxt_chunk(keyword.to_owned(), text.to_owned())?;
        }
        let mut writer = encoder.write_header()?;
        if is_opaque {
            let pixels = self.pixels.chunks_exact(4);
            let rgb: Vec<u8> = pixels.flat_map(|p| [p[0], p[1], p[2]]).collect();
            writer.write_image_data(&rgb)?;
        } else {
            writer.write_image_data(&self.pixels)?;
        }
        drop(writer);
        Ok(bytes)
    }

    /// As the value of an SVG image's `href`.
    pub(super) fn href(&self) -> Result<String, FigureError> {
        Ok(format!(
            "data:image/png;base64,{}",
            base64::engine::general_purpose::STANDARD.encode(self.encode(None)?)
        ))
    }
}

/// Draws an SVG with millimetres for its units to a PNG.
/// # Errors
/// [`FigureError`].
pub fn png(svg: &str, dots_per_inch: f64) -> Result<Vec<u8>, FigureError> {
    raster(svg, dots_per_inch)?.encode(Some(dots_per_inch))
}

/// Draws an SVG with millimetres for its units, on white.
/// # Errors
/// [`FigureError`].
pub fn raster(svg: &str, dots_per_inch: f64) -> Result<Raster, FigureError> {
    let tree = tree(svg)?;
    let scale = (dots_per_inch / 25.4) as f32;
    let size = tree
        .size()
        .scale_by(scale)
        .ok_or_else(|| FigureError::Draw("no size".to_owned()))?
        .to_int_size();
    let mut pixmap = tiny_skia::Pixmap::new(size.width(), size.height())
        .ok_or_else(|| FigureError::Draw("no size".to_owned()))?;
    pixmap.fill(tiny_skia::Color::WHITE);
    resvg::render(
        &tree,
        tiny_skia::Transform::from_scale(scale, scale),
        &mut pixmap.as_mut(),
    );
    Ok(Raster {
        size: [size.width(), size.height()],
        pixels: pixmap.take(),
    })
}

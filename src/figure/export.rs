//! A figure as a file: PNG, TIFF, SVG or PDF, with the study that it shows inside.

use std::fmt::Write as _;
use std::io::Cursor;
use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use krilla::geom::Size;
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::{Document, SerializeSettings};
use krilla_svg::{SurfaceExt as _, SvgSettings};
use resvg::{tiny_skia, usvg};
use strum::{EnumString, IntoStaticStr, VariantNames};
use tiff::encoder::{Compression, Rational, TiffEncoder, colortype};
use tiff::tags::{ResolutionUnit, Tag};

use super::page::{Page, layout};
use super::raster::{FigureError, Raster};

/// The fonts of figures, of Arial's widths; those of the machine would make figures differ.
const REGULAR: &[u8] = include_bytes!("../../assets/fonts/LiberationSans-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../../assets/fonts/LiberationSans-Bold.ttf");
/// Under what a PNG keeps the document.
const KEYWORD: &str = "mechanostat";

/// Kinds of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum FileKind {
    /// Pixels, with dots an inch and sRGB.
    Png,
    /// Pixels, LZW, no alpha.
    Tiff,
    /// Vectors; pictures within are pixels.
    Svg,
    /// The same for print.
    Pdf,
}

/// Endings of figures' files, dots left out.
pub const FILE_ENDINGS: [&str; 5] = ["png", "tiff", "tif", "svg", "pdf"];

/// What becomes of text in vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum Lettering {
    /// It stays text, and its fonts are in the file.
    #[default]
    Embedded,
    /// It becomes outlines.
    Outlined,
}

/// How a file is made.
#[derive(Debug, Clone, PartialEq)]
pub struct Export<'a> {
    /// Kind.
    pub kind: FileKind,
    /// Dots an inch of pixels.
    pub dpi: f64,
    /// What becomes of text.
    pub lettering: Lettering,
    /// Whether nothing is behind a PNG, with straight alpha.
    pub transparent: bool,
    /// The document that is kept inside.
    pub state: &'a str,
    /// What the figure is, for PDF's title.
    pub title: &'a str,
}

static FONTS: LazyLock<Arc<usvg::fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = usvg::fontdb::Database::new();
    fonts.load_font_data(REGULAR.to_vec());
    fonts.load_font_data(BOLD.to_vec());
    fonts.set_sans_serif_family("Liberation Sans");
    Arc::new(fonts)
});

pub(super) fn tree(svg: &str) -> Result<usvg::Tree, FigureError> {
    let options = usvg::Options {
        font_family: "Liberation Sans".to_owned(),
        fontdb: Arc::clone(&FONTS),
        // A unit is a millimetre, whatever the file says.
        ..usvg::Options::default()
    };
    usvg::Tree::from_str(svg, &options).map_err(|e| FigureError::Draw(e.to_string()))
}

/// Letters of a text that the fonts lack, each once.
pub fn missing_letters(text: &str) -> Vec<char> {
    static FACE: LazyLock<Option<ttf_parser::Face<'static>>> =
        LazyLock::new(|| ttf_parser::Face::parse(REGULAR, 0).ok());
    let has = |c: char| {
        let face = FACE.as_ref();
        c.is_control() || face.is_none_or(|f| f.glyph_index(c).is_some())
    };
    let mut missing: Vec<char> = text.chars().filter(|c| !has(*c)).collect();
    missing.sort_unstable();
    missing.dedup();
    missing
}

/// Pixels of a figure in millimetres at a resolution, premultiplied, on nothing.
fn pixmap(
    tree: &usvg::Tree,
    size_mm: [f64; 2],
    dpi: f64,
) -> Result<tiny_skia::Pixmap, FigureError> {
    let [width, height] = size_mm.map(|mm| (mm / 25.4 * dpi).round().max(1.0) as u32);
    let none = || FigureError::Draw(format!("{width} × {height} pixels cannot be drawn"));
    let mut pixmap = tiny_skia::Pixmap::new(width, height).ok_or_else(none)?;
    let size = tree.size();
    let scale = tiny_skia::Transform::from_scale(
        width as f32 / size.width(),
        height as f32 / size.height(),
    );
    resvg::render(tree, scale, &mut pixmap.as_mut());
    Ok(pixmap)
}

/// A figure as a small picture, for a screen: at most so many pixels each way.
/// # Errors
/// [`FigureError`].
pub fn preview(page: &Page, most: u32) -> Result<Raster, FigureError> {
    let size_mm = [
        page.format.width_mm,
        layout(&page.format, &page.shapes()).height_mm,
    ];
    let dpi = 25.4 * f64::from(most) / size_mm[0].max(size_mm[1]);
    let pixmap = pixmap(&tree(&page.svg("", false)?)?, size_mm, dpi)?;
    Ok(Raster {
        size: [pixmap.width(), pixmap.height()],
        pixels: pixmap.take_demultiplied(),
    })
}

/// Writes a figure's SVG, of so many millimetres, as a file.
/// # Errors
/// [`FigureError`].
pub fn export(svg: &str, size_mm: [f64; 2], of: &Export<'_>) -> Result<Vec<u8>, FigureError> {
    let draw = |e: &dyn std::fmt::Display| FigureError::Draw(e.to_string());
    match of.kind {
        FileKind::Svg => Ok(match of.lettering {
            Lettering::Embedded => with_fonts(svg),
            Lettering::Outlined => outlined(svg, of.state)?,
        }
        .into_bytes()),
        FileKind::Pdf => {
            let tree = tree(svg)?;
            let points = size_mm.map(|mm| (mm / 25.4 * 72.0) as f32);
            let settings = SerializeSettings {
                // Somebody else's program reads the document in it too.
                xmp_metadata: true,
                ..SerializeSettings::default()
            };
            let mut document = Document::new_with(settings);
            let none = || FigureError::Draw(format!("no page of {size_mm:?} mm"));
            let page = PageSettings::from_wh(points[0], points[1]).ok_or_else(none)?;
            let mut page = document.start_page_with(page);
            let mut surface = page.surface();
            let size = Size::from_wh(points[0], points[1]).ok_or_else(none)?;
            let settings = SvgSettings {
                embed_text: of.lettering == Lettering::Embedded,
                ..SvgSettings::default()
            };
            surface.draw_svg(&tree, size, settings).ok_or_else(none)?;
            surface.finish();
            page.finish();
            let about = Metadata::new()
                .title(of.title.to_owned())
                .creator(format!("Mechanostat {}", env!("CARGO_PKG_VERSION")))
                .description(of.state.to_owned());
            document.set_metadata(about);
            document.finish().map_err(|e| draw(&format!("{e:?}")))
        }
        FileKind::Png => {
            let pixmap = pixmap(&tree(svg)?, size_mm, of.dpi)?;
            let size = [pixmap.width(), pixmap.height()];
            let pixels = if of.transparent {
                pixmap.take_demultiplied()
            } else {
                pixmap.take()
            };
            let text = (!of.state.is_empty()).then_some((KEYWORD, of.state));
            Raster { size, pixels }.encode_with(Some(of.dpi), text)
        }
        FileKind::Tiff => {
            let pixmap = pixmap(&tree(svg)?, size_mm, of.dpi)?;
            let (width, height) = (pixmap.width(), pixmap.height());
            let rgb: Vec<u8> = pixmap
                .data()
                .chunks_exact(4)
                .flat_map(|p| [p[0], p[1], p[2]])
                .collect();
            drop(pixmap);
            let mut out = Cursor::new(Vec::new());
            let mut file = TiffEncoder::new(&mut out)
                .map_err(|e| draw(&e))?
                .with_compression(Compression::Lzw);
            let mut image = file
                .new_image::<colortype::RGB8>(width, height)
                .map_err(|e| draw(&e))?;
            let per_inch = Rational {
                n: of.dpi.round() as u32,
                d: 1,
            };
            image.resolution(ResolutionUnit::Inch, per_inch);
            // The tag is ASCII: other letters are written as TOML writes them.
            let state = ascii(of.state);
            let described = image
                .encoder()
                .write_tag(Tag::ImageDescription, state.as_str());
            described.map_err(|e| draw(&e))?;
            image.write_data(&rgb).map_err(|e| draw(&e))?;
            Ok(out.into_inner())
        }
    }
}

/// The fonts within a style, so that text looks alike wherever the file is opened.
fn with_fonts(svg: &str) -> String {
    let base64 = base64::engine::general_purpose::STANDARD;
    let face = |weight: &str, bytes: &[u8]| {
        format!(
            "@font-face{{font-family:'Liberation Sans';font-weight:{weight};src:url(data:font/ttf;base64,{}) format('truetype')}}",
            base64.encode(bytes)
        )
    };
    let style = format!(
        "<style>{}{}</style>",
        face("normal", REGULAR),
        face("bold", BOLD)
    );
    let place = svg.find('\n').map_or(svg.len(), |at| at + 1);
    let (head, rest) = svg.split_at(place);
    format!("{head}{style}\n{rest}")
}

/// The same without text.
fn outlined(svg: &str, state: &str) -> Result<String, FigureError> {
    let options = usvg::WriteOptions {
        preserve_text: false,
        ..usvg::WriteOptions::default()
    };
    let drawn = tree(svg)?.to_string(&options);
    if state.is_empty() {
        return Ok(drawn);
    }
    let place = drawn.find('>').map_or(0, |at| at + 1);
    let (head, rest) = drawn.split_at(place);
    let lines: Vec<String> = state.split('\n').map(super::escape).collect();
    let state = lines.join("\n");
    Ok(format!(
        "{head}\n<metadata id=\"mechanostat\">{state}</metadata>{rest}"
    ))
}

/// A TOML text without letters beyond ASCII: those stand only in strings, where TOML has escapes
/// for them, and in comments.
fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            // Writing to a String cannot fail.
            write!(out, "\\U{:08X}", u32::from(c)).ok();
        }
    }
    out
}

/// The same, back.
fn from_ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\\U") {
        let (before, after) = rest.split_at(at);
        out += before;
        let code = after.get(2..10);
        let letter = code
            .and_then(|hex| u32::from_str_radix(hex, 16).ok())
            .and_then(char::from_u32);
        match letter {
            Some(letter) if !letter.is_ascii() => {
                out.push(letter);
                rest = &after[10..];
            }
            _ => {
                out += "\\U";
                rest = &after[2..];
            }
        }
    }
    out + rest
}

/// Why a file has no study in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// None of these.
    #[error("this is no PNG, TIFF, SVG or PDF file")]
    NotAFigure,
    /// It cannot be read.
    #[error("this figure cannot be read: {0}")]
    Damaged(String),
    /// Nothing inside.
    #[error(
        "there is no study in this figure: it was not made by this program, or another one has taken it out"
    )]
    None,
}

/// The document that a figure's file keeps.
/// # Errors
/// [`StateError`].
pub fn state_of(bytes: &[u8]) -> Result<String, StateError> {
    let damaged = |e: &dyn std::fmt::Display| StateError::Damaged(e.to_string());
    if bytes.starts_with(b"\x89PNG") {
        let reader = png::Decoder::new(Cursor::new(bytes));
        let reader = reader.read_info().map_err(|e| damaged(&e))?;
        let texts = reader.info().utf8_text.iter();
        let mut own = texts.filter(|t| t.keyword == KEYWORD);
        let text = own.next().ok_or(StateError::None)?;
        return text.get_text().map_err(|e| damaged(&e));
    }
    if bytes.starts_with(b"II*\0") || bytes.starts_with(b"MM\0*") {
        let mut reader =
            tiff::decoder::Decoder::new(Cursor::new(bytes)).map_err(|e| damaged(&e))?;
        let text = reader
            .get_tag_ascii_string(Tag::ImageDescription)
            .map_err(|_none| StateError::None)?;
        return Some(from_ascii(&text))
            .filter(|t| t.contains("format"))
            .ok_or(StateError::None);
    }
    if bytes.starts_with(b"%PDF") {
        let packet = xmp(bytes).ok_or(StateError::None)?;
        let tree = roxmltree::Document::parse(packet).map_err(|e| damaged(&e))?;
        let mut all = tree.descendants();
        let described = all.find(|n| n.tag_name().name() == "description");
        let text = described.and_then(|n| {
            let mut texts = n.descendants().filter(|d| d.tag_name().name() == "li");
            texts.next().and_then(|li| li.text().map(str::to_owned))
        });
        return text.ok_or(StateError::None);
    }
    let text = std::str::from_utf8(bytes).map_err(|_not| StateError::NotAFigure)?;
    if !text.contains("<svg") {
        return Err(StateError::NotAFigure);
    }
    let options = roxmltree::ParsingOptions {
        nodes_limit: u32::MAX,
        ..roxmltree::ParsingOptions::default()
    };
    let tree = roxmltree::Document::parse_with_options(text, options).map_err(|e| damaged(&e))?;
    let mut all = tree.descendants();
    let own =
        all.find(|n| n.tag_name().name() == "metadata" && n.attribute("id") == Some("mechanostat"));
    own.and_then(|n| n.text().map(str::to_owned))
        .ok_or(StateError::None)
}

/// The packet of metadata in a PDF, which lies there as it is.
fn xmp(bytes: &[u8]) -> Option<&str> {
    let find = |from: usize, what: &[u8]| {
        let rest = bytes.get(from..)?;
        let at = rest.windows(what.len()).position(|w| w == what)?;
        Some(from + at)
    };
    let start = find(0, b"<x:xmpmeta").or_else(|| find(0, b"<rdf:RDF"))?;
    let end = find(start, b"</x:xmpmeta>").map(|at| at + 12);
    let end = end.or_else(|| find(start, b"</rdf:RDF>").map(|at| at + 10))?;
    std::str::from_utf8(bytes.get(start..end)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SVG: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"20mm\" height=\"10mm\" viewBox=\"0 0 20 10\" font-family=\"Liberation Sans\">\n<metadata id=\"mechanostat\">STATE</metadata>\n<rect width=\"20\" height=\"10\" fill=\"#fff\"/><text x=\"1\" y=\"5\" font-size=\"3\">−7 % mg/cm³</text></svg>";

    /// Letters that files trip over: quotes, signs of markup, line ends, what is not ASCII.
    const STATE: &str =
        "format = 1\nscenario = \"a <b> & \\\"c\\\" −7 % é 日本\"\n\\U and \\u00e9\n# end";

    #[test]
    fn what_is_kept_in_a_figure_comes_out_as_it_went_in() {
        let escaped = STATE.split('\n').map(super::super::escape);
        let svg = SVG.replace("STATE", &escaped.collect::<Vec<_>>().join("\n"));
        for kind in FileKind::VARIANTS {
            for lettering in [Lettering::Embedded, Lettering::Outlined] {
                let of = Export {
                    kind: kind.parse().unwrap_or(FileKind::Png),
                    dpi: 300.0,
                    lettering,
                    transparent: false,
                    state: STATE,
                    title: "a title",
                };
                let bytes = export(&svg, [20.0, 10.0], &of).unwrap_or_else(|e| panic!("{e}"));
                let found = state_of(&bytes);
                assert_eq!(found.as_deref(), Ok(STATE), "{kind} {lettering:?}");
                // Half of it is no figure, and no panic.
                let half = state_of(&bytes[..bytes.len() / 2]);
                assert!(half.is_err() || half.as_deref() == Ok(STATE), "{kind}");
            }
        }
    }

    #[test]
    fn what_is_no_figure_is_refused() {
        assert_eq!(state_of(b""), Err(StateError::NotAFigure));
        assert_eq!(state_of(b"name = 1"), Err(StateError::NotAFigure));
        assert_eq!(state_of(b"<svg></svg>"), Err(StateError::None));
        assert_eq!(state_of(b"%PDF-1.7 nothing"), Err(StateError::None));
        let plain = Raster {
            size: [1, 1],
            pixels: vec![255; 4],
        };
        let plain = plain.encode(None).unwrap_or_default();
        assert_eq!(state_of(&plain), Err(StateError::None));
        assert!(matches!(
            state_of(&plain[..20]),
            Err(StateError::Damaged(_))
        ));
    }

    #[test]
    fn letters_that_the_font_lacks_are_told() {
        assert!(missing_letters("−7 % mg HA/cm³ ± Δ ≥ é Ω").is_empty());
        assert_eq!(missing_letters("日本 a 日"), ['日', '本']);
    }
}

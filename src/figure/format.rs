//! Sizes of figures, as journals, screens and halls ask for them.

/// What is asked of a figure's file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rules {
    /// Who asks.
    pub source: &'static str,
    /// The smallest and the largest text, points.
    pub text_pt: [f64; 2],
    /// The highest it may be, mm.
    pub most_height_mm: f64,
    /// The fewest dots an inch that pictures have.
    pub least_dpi: f64,
    /// Endings of files that are taken.
    pub endings: &'static [&'static str],
}

/// A figure's size and type.
#[derive(Debug, Clone, PartialEq)]
pub struct Format {
    /// The preset's name, or "free".
    pub name: String,
    /// Width, mm.
    pub width_mm: f64,
    /// Height, mm, where that is given; else as high as its panels need.
    pub height_mm: Option<f64>,
    /// Dots an inch of pictures.
    pub dpi: f64,
    /// Size of text, points.
    pub text_pt: f64,
    /// What whoever takes it asks for; none of a free one.
    pub rules: Option<Rules>,
}

/// Formats that have a name.
pub const PRESETS: [&str; 8] = [
    "nature-single",
    "nature-double",
    "plos",
    "elsevier-single",
    "elsevier-double",
    "slide-16x9",
    "poster",
    "web",
];

/// Widths and heights, mm; dots an inch; points of text.
pub const WIDTHS_MM: std::ops::RangeInclusive<f64> = 30.0..=2000.0;
/// As above.
pub const DPIS: std::ops::RangeInclusive<f64> = 50.0..=1200.0;
/// As above.
pub const TEXTS_PT: std::ops::RangeInclusive<f64> = 4.0..=100.0;
/// Pixels of a whole figure, at most: what a file of 4 bytes a pixel keeps below half a GiB.
pub(super) const MOST_PIXELS: f64 = 120e6;

const NATURE: Rules = Rules {
    source: "Nature's guide to figures (research-figure-guide.nature.com)",
    text_pt: [5.0, 8.0],
    most_height_mm: 170.0,
    least_dpi: 300.0,
    endings: &["png", "tiff", "pdf", "svg"],
};
const PLOS: Rules = Rules {
    source: "PLOS figure guidelines (TIFF, LZW, 789 to 2250 pixels wide at 300 dpi)",
    text_pt: [8.0, 12.0],
    most_height_mm: 222.2,
    least_dpi: 300.0,
    endings: &["tiff"],
};
const ELSEVIER: Rules = Rules {
    source: "Elsevier's artwork sizing (combination artwork at 500 dpi)",
    text_pt: [6.0, 12.0],
    most_height_mm: 240.0,
    least_dpi: 500.0,
    endings: &["tiff", "pdf", "png", "svg"],
};

impl Format {
    /// The preset of a name.
    pub fn preset(name: &str) -> Option<Self> {
        let of = |width_mm, height_mm, dpi, text_pt, rules| Self {
            name: name.to_owned(),
            width_mm,
            height_mm,
            dpi,
            text_pt,
            rules,
        };
        Some(match name {
            "nature-single" => of(89.0, None, 300.0, 6.0, Some(NATURE)),
            "nature-double" => of(183.0, None, 300.0, 7.0, Some(NATURE)),
            "plos" => of(190.5, None, 300.0, 8.0, Some(PLOS)),
            "elsevier-single" => of(90.0, None, 500.0, 7.0, Some(ELSEVIER)),
            "elsevier-double" => of(190.0, None, 500.0, 7.0, Some(ELSEVIER)),
            // 13⅓ by 7½ inches, 1920 by 1080 pixels.
            "slide-16x9" => of(1016.0 / 3.0, Some(190.5), 144.0, 14.0, None),
            // A0.
            "poster" => of(841.0, Some(1189.0), 150.0, 32.0, None),
            // 1200 pixels.
            "web" => of(317.5, None, 96.0, 11.0, None),
            _ => return None,
        })
    }

    /// A free one.
    pub fn free(width_mm: f64, height_mm: Option<f64>) -> Self {
        Self {
            name: "free".to_owned(),
            width_mm,
            height_mm,
            dpi: 300.0,
            text_pt: 7.0,
            rules: None,
        }
    }

    /// What is out of range, with what is allowed.
    pub fn trouble(&self) -> Option<String> {
        let heights = self.height_mm.into_iter();
        let mut lengths = std::iter::once(self.width_mm).chain(heights);
        let said = |what: &str, value: f64, range: &std::ops::RangeInclusive<f64>, unit: &str| {
            format!(
                "{what} {value} {unit} is out of range; allowed: {} to {} {unit}",
                range.start(),
                range.end()
            )
        };
        if let Some(length) = lengths.find(|l| !WIDTHS_MM.contains(l)) {
            return Some(said("a side of", length, &WIDTHS_MM, "mm"));
        }
        if !DPIS.contains(&self.dpi) {
            return Some(said("a resolution of", self.dpi, &DPIS, "dpi"));
        }
        if !TEXTS_PT.contains(&self.text_pt) {
            return Some(said("text of", self.text_pt, &TEXTS_PT, "points"));
        }
        let height = self.height_mm.unwrap_or(self.width_mm);
        let dots = self.dpi / 25.4;
        let pixels = self.width_mm * dots * height * dots;
        (pixels > MOST_PIXELS).then(|| {
            format!(
                "{} × {height} mm at {} dpi are {:.0} million pixels; allowed: {:.0} million",
                self.width_mm,
                self.dpi,
                1e-6 * pixels,
                1e-6 * MOST_PIXELS
            )
        })
    }

    /// Millimetres of an em of its text.
    pub fn em(&self) -> f64 {
        self.text_pt * super::POINT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_can_be_drawn_and_keeps_its_own_rules() {
        for name in PRESETS {
            let format = Format::preset(name).unwrap_or_else(|| panic!("no {name}"));
            assert_eq!(format.trouble(), None, "{name}");
            if let Some(rules) = format.rules {
                let [least, most] = rules.text_pt;
                assert!((least..=most).contains(&format.text_pt), "{name}");
                assert!(format.dpi >= rules.least_dpi, "{name}");
            }
        }
        assert_eq!(Format::preset("science"), None);
        let huge = Format {
            dpi: 1200.0,
            ..Format::free(2000.0, Some(2000.0))
        };
        assert!(huge.trouble().is_some_and(|t| t.contains("million")));
        assert!(Format::free(10_000.0, None).trouble().is_some());
        assert!(Format::free(f64::NAN, None).trouble().is_some());
    }
}

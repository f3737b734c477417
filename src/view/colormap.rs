//! Colour maps: 256 sRGB colours each, the same table for picture, colour bar and tests.

/// A map from 0–1 to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Colormap {
    /// Sequential, perceptually even, safe for colour-blind readers (Crameri).
    Batlow,
    /// Sequential (matplotlib).
    Viridis,
    /// Sequential, made for colour-blind readers (matplotlib).
    Cividis,
    /// Diverging around its middle (Crameri).
    Vik,
    /// Lightness alone, as a radiograph.
    Grey,
    /// A colour a number, none like its neighbours: for what only has names.
    Names,
}

impl Colormap {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Batlow,
        Self::Viridis,
        Self::Cividis,
        Self::Vik,
        Self::Grey,
        Self::Names,
    ];

    /// Name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Batlow => "batlow",
            Self::Viridis => "viridis",
            Self::Cividis => "cividis",
            Self::Vik => "vik",
            Self::Grey => "grey",
            Self::Names => "names",
        }
    }

    /// The table, sRGB, 0 to 255.
    pub fn table(self) -> [[u8; 3]; 256] {
        let text = match self {
            Self::Batlow => include_str!("../../assets/colormaps/batlow.csv"),
            Self::Viridis => include_str!("../../assets/colormaps/viridis.csv"),
            Self::Cividis => include_str!("../../assets/colormaps/cividis.csv"),
            Self::Vik => include_str!("../../assets/colormaps/vik.csv"),
            Self::Grey => return std::array::from_fn(|k| [k as u8; 3]),
            Self::Names => return names(),
        };
        let mut table = [[0; 3]; 256];
        for (colour, line) in table.iter_mut().zip(text.lines()) {
            for (channel, value) in colour.iter_mut().zip(line.split(',')) {
                *channel = value.parse().unwrap_or_default();
            }
        }
        table
    }
}

/// Hues a golden angle apart, so that no two numbers near each other look alike, in four steps of
/// lightness.
fn names() -> [[u8; 3]; 256] {
    std::array::from_fn(|k| {
        let hue = (k as f64 * 0.618_034).fract() * 6.0;
        let light = [0.92, 0.70, 0.82, 0.58][k % 4];
        let pale = [0.62, 0.50, 0.72, 0.55][k % 4];
        let channel = |offset: f64| {
            let from = (hue + offset).rem_euclid(6.0);
            let share = (2.0 - (from - 3.0).abs()).clamp(0.0, 1.0);
            (255.0 * light * (1.0 - pale * share)).round() as u8
        };
        [channel(3.0), channel(5.0), channel(1.0)]
    })
}

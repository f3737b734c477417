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
}

impl Colormap {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Batlow, Self::Viridis, Self::Cividis, Self::Vik];

    /// Name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Batlow => "batlow",
            Self::Viridis => "viridis",
            Self::Cividis => "cividis",
            Self::Vik => "vik",
        }
    }

    /// The table, sRGB, 0 to 255.
    pub fn table(self) -> [[u8; 3]; 256] {
        let text = match self {
            Self::Batlow => include_str!("../../assets/colormaps/batlow.csv"),
            Self::Viridis => include_str!("../../assets/colormaps/viridis.csv"),
            Self::Cividis => include_str!("../../assets/colormaps/cividis.csv"),
            Self::Vik => include_str!("../../assets/colormaps/vik.csv"),
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

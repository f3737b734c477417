//! How a picture looks to those who see fewer colours, and on a grey printer.

/// With whose eyes.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, strum::EnumIter, strum::IntoStaticStr,
)]
pub enum Vision {
    /// All colours.
    #[default]
    #[strum(serialize = "as it is")]
    Full,
    /// Without the green cones, as about one man in a hundred is.
    #[strum(serialize = "as a deuteranope sees it")]
    Deuteranope,
    /// Lightness alone.
    #[strum(serialize = "as a grey printer prints it")]
    Grey,
}

impl Vision {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Full, Self::Deuteranope, Self::Grey];

    /// Name for people.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Rows of the matrix on linear red, green and blue: deuteranopia at full strength after
    /// Machado, Oliveira and Fernandes (2009); relative luminance of sRGB (IEC 61966-2-1).
    pub fn matrix(self) -> [[f32; 3]; 3] {
        const LUMINANCE: [f32; 3] = [0.2126, 0.7152, 0.0722];
        match self {
            Self::Full => [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            Self::Deuteranope => [
                [0.367_322, 0.860_646, -0.227_968],
                [0.280_085, 0.672_501, 0.047_413],
                [-0.011_820, 0.042_940, 0.968_881],
            ],
            Self::Grey => [LUMINANCE; 3],
        }
    }

    /// A colour as it is seen, sRGB.
    pub fn of(self, colour: [u8; 3]) -> [u8; 3] {
        if self == Self::Full {
            return colour;
        }
        let linear = colour.map(|c| linear(f32::from(c) / 255.0));
        self.matrix().map(|row| {
            let sum: f32 = row.iter().zip(linear).map(|(m, c)| m * c).sum();
            (255.0 * encoded(sum.clamp(0.0, 1.0))).round() as u8
        })
    }
}

/// Of an sRGB value, 0 to 1, the light.
fn linear(value: f32) -> f32 {
    if value <= 0.040_45 {
        value / 12.92
    } else {
        ((value + 0.055) / 1.055).powf(2.4)
    }
}

fn encoded(light: f32) -> f32 {
    if light <= 0.003_130_8 {
        12.92 * light
    } else {
        1.055 * light.powf(1.0 / 2.4) - 0.055
    }
}

/// Contrast of two sRGB colours, 1 to 21 (WCAG 2.2).
pub fn contrast(a: [u8; 3], b: [u8; 3]) -> f32 {
    let luminance = |colour: [u8; 3]| -> f32 {
        let light = colour.map(|c| linear(f32::from(c) / 255.0));
        let row = Vision::Grey.matrix()[0];
        row.iter().zip(light).map(|(m, c)| m * c).sum()
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greys_stay_and_red_and_green_come_together() {
        for grey in [0, 40, 128, 255] {
            for vision in Vision::ALL {
                let seen = vision.of([grey; 3]);
                assert!(
                    seen.iter().all(|c| c.abs_diff(grey) <= 1),
                    "{vision:?} {seen:?}"
                );
            }
        }
        let off = |a: [u8; 3], b: [u8; 3]| -> u32 {
            a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(b))).sum()
        };
        let (red, green) = ([200, 80, 60], [110, 130, 60]);
        let seen = Vision::Deuteranope;
        assert!(3 * off(seen.of(red), seen.of(green)) < off(red, green));
        assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 1e-3);
    }
}

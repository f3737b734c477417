//! The skeleton beside the scene: what all of a person's bone holds, and what it bears.

use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::located::{Located, Source};

/// A piece of the skeleton, told by its mineral and by the scene whose loads it shares.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Skeleton {
    /// Name, which is its region's too.
    pub name: String,
    /// Mineral of an adult of 75 kg, g HA.
    pub bmc: f64,
    /// Share of that in trabecular bone, 0 to 1.
    pub trabecular: f64,
    /// Bone volume fraction of the trabecular bone, 0 to 1.
    pub bvtv: f64,
    /// Thickness of the cortex, mm.
    pub cortex: f64,
    /// Share of the cortex that is of shafts, on whose smooth inside no trabeculae end, 0 to 1.
    #[serde(default)]
    pub shaft: f64,
    /// The scene whose joints tell what it bears; none where it bears no weight.
    pub bears_as: Option<String>,
    /// Where the figures come from.
    pub source: String,
}

/// The pieces that there are.
pub const PIECES: [&str; 7] = [
    "skull",
    "arms",
    "thorax",
    "spine",
    "pelvis",
    "thighs",
    "lower_legs",
];

/// Every piece once, shares that are some, scenes that there are.
pub(super) fn check(
    skeleton: &[Spanned<Skeleton>],
    scenes: &[&str],
    source: &Source<'_>,
) -> Result<(), Located> {
    let is_there = |name: &&str| skeleton.iter().any(|s| s.get_ref().name == **name);
    if let Some(missing) = PIECES.iter().find(|name| !is_there(name)) {
        let wanted = format!("a [[skeleton]] each of {}", PIECES.join(", "));
        let found = format!("no \"{missing}\"");
        return Err(source.error(source.text.len(), "skeleton", found, wanted));
    }
    for (i, piece) in skeleton.iter().enumerate() {
        let (start, s) = (piece.span().start, piece.get_ref());
        let open = |x: f64| x > 0.0 && x < 1.0;
        if !(open(s.trabecular) && open(s.bvtv)) {
            let found = format!("trabecular {}, bvtv {}", s.trabecular, s.bvtv);
            return Err(source.error(start, &s.name, found, "shares between 0 and 1"));
        }
        if !(0.0..=1.0).contains(&s.shaft) {
            let found = format!("shaft {}", s.shaft);
            return Err(source.error(start, &s.name, found, "a share between 0 and 1"));
        }
        let positive = |x: f64| x.is_finite() && x > 0.0;
        if !(positive(s.bmc) && positive(s.cortex)) {
            let found = format!("bmc {}, cortex {}", s.bmc, s.cortex);
            return Err(source.error(start, &s.name, found, "numbers above 0"));
        }
        if let Some(scene) = s.bears_as.as_deref().filter(|s| !scenes.contains(s)) {
            let found = format!("\"{scene}\"");
            return Err(source.error(start, "bears_as", found, scenes.join(", ")));
        }
        let is_again = skeleton[..i].iter().any(|o| o.get_ref().name == s.name);
        if is_again || !PIECES.contains(&s.name.as_str()) {
            let wanted = format!("each of {}, once", PIECES.join(", "));
            return Err(source.error(start, "name", format!("\"{}\"", s.name), wanted));
        }
    }
    Ok(())
}

//! Flags of `mechanostat validate`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

/// Flags of `mechanostat validate`.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Clone, Args)]
#[command(group(ArgGroup::new("passes").args(["ablate", "fit"])))]
pub struct ValidateArgs {
    /// Voxels along each scene's longest side [default: 48; 24 with --ablate, --fit and
    /// --sensitivity]
    #[arg(long, value_name = "N")]
    pub size: Option<usize>,
    /// Claims of a file like assets/evidence/claims.csv instead of the program's own
    #[arg(long, value_name = "FILE")]
    pub evidence: Option<PathBuf>,
    /// Only claims whose id, site or condition holds this text
    #[arg(long, value_name = "TEXT")]
    pub only: Option<String>,
    /// Another value for a parameter of physiology.toml, as NAME=VALUE; may be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
    /// What each claim hangs on: every link of the ring cut in turn
    #[arg(long, conflicts_with_all = ["sensitivity", "plots"])]
    pub ablate: bool,
    /// Only these links instead of all; may be given several times
    #[arg(long, value_name = "LINK", requires = "ablate")]
    pub link: Vec<String>,
    /// Fit the free parameters of bone (assets/evidence/fit.toml) to the rows that are for that
    #[arg(long, conflicts_with_all = ["sensitivity", "plots"])]
    pub fit: bool,
    /// Instead of to published figures, to those that the model makes of parameters drawn with this
    /// seed: are they found again?
    #[arg(long, value_name = "SEED", requires = "fit")]
    pub recover: Option<u64>,
    /// Folder for what --ablate or --fit finds [default: ablation, fit]
    #[arg(long, value_name = "FOLDER", requires = "passes")]
    pub out: Option<PathBuf>,
    /// Go on with an --ablate or a --fit that was broken off
    #[arg(long, requires = "passes")]
    pub resume: bool,
    /// Leave plots of published figures beside the model's courses in this folder, as SVG
    #[arg(long, value_name = "FOLDER", conflicts_with = "sensitivity")]
    pub plots: Option<PathBuf>,
    /// How each headline figure moves with each parameter instead, 10 % up and down
    #[arg(long)]
    pub sensitivity: bool,
    /// Part of the name of the adapter to use [default: WGPU_ADAPTER_NAME, or the most powerful]
    #[arg(long, value_name = "NAME")]
    pub adapter: Option<String>,
}

/// Default sizes: of the claims, and of what runs every condition many times over.
const SIZE: usize = 48;
const COARSE_SIZE: usize = 24;

impl ValidateArgs {
    pub(super) fn size(&self) -> usize {
        self.size
            .unwrap_or(if self.sensitivity || self.ablate || self.fit {
                COARSE_SIZE
            } else {
                SIZE
            })
    }
}

//! Flags of `mechanostat validate`.

use clap::Args;

/// Flags of `mechanostat validate`.
#[derive(Debug, Clone, Args)]
pub struct ValidateArgs {
    /// Voxels along each scene's longest side [default: 48; 24 with --sensitivity]
    #[arg(long, value_name = "N")]
    pub size: Option<usize>,
    /// Claims of a file like assets/evidence/claims.csv instead of the program's own
    #[arg(long, value_name = "FILE")]
    pub evidence: Option<std::path::PathBuf>,
    /// Only claims whose id, site or condition holds this text
    #[arg(long, value_name = "TEXT")]
    pub only: Option<String>,
    /// Another value for a parameter of physiology.toml, as NAME=VALUE; may be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// As JSON
    #[arg(long)]
    pub json: bool,
    /// How each headline figure moves with each parameter instead, 10 % up and down
    #[arg(long)]
    pub sensitivity: bool,
    /// Part of the name of the adapter to use [default: WGPU_ADAPTER_NAME, or the most powerful]
    #[arg(long, value_name = "NAME")]
    pub adapter: Option<String>,
}

/// Default sizes: of the claims, and of `--sensitivity`, which runs some two hundred missions.
const SIZE: usize = 48;
const SENSITIVITY_SIZE: usize = 24;

impl ValidateArgs {
    pub(super) fn size(&self) -> usize {
        self.size.unwrap_or(if self.sensitivity {
            SENSITIVITY_SIZE
        } else {
            SIZE
        })
    }
}

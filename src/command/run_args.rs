//! Flags of `mechanostat run`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use strum::VariantNames;

use crate::study::{FieldFormat, StrengthDays};

/// Reads a value by its name, and lists all names in the help.
fn named<T>() -> impl TypedValueParser<Value = T>
where
    T: std::str::FromStr<Err = strum::ParseError> + VariantNames + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(T::VARIANTS).try_map(|name| name.parse::<T>())
}

/// Flags of `mechanostat run`.
#[expect(clippy::struct_excessive_bools, reason = "a command line has flags")]
#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    /// Built-in scenario, or path of a TOML file: a scenario, or a run.toml, to which flags add
    pub scenario: String,
    /// Folder for what the run leaves [default: results/SCENARIO]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Scene: hip, lower-leg, lumbar, trabecular-core, or a scan's file (.nii.gz, .mha, .nrrd,
    /// .vti, .npy) [default: hip]
    #[arg(long)]
    pub scene: Option<String>,
    /// Of a scan as scene, what this scan of the same voxels has above 0
    #[arg(long, value_name = "FILE")]
    pub mask: Option<PathBuf>,
    /// Voxels along the scene's longest side [default: 64]
    #[arg(long, value_name = "N")]
    pub size: Option<usize>,
    /// Group of people: control, op (osteoporotic) or oa (osteoarthritic) [default: control]
    #[arg(long)]
    pub group: Option<String>,
    /// Days to run; more than the scenario has lengthen its last phase [default: all]
    #[arg(long, value_name = "D")]
    pub days: Option<f64>,
    /// Days between two rows of the table (and two fields) [default: 1]
    #[arg(long, value_name = "D")]
    pub every: Option<f64>,
    /// Days of a step of the model, 0.1 to 1 [default: 1]
    #[arg(long, value_name = "D")]
    pub step_days: Option<f64>,
    /// Fields to write at each of these days [default: none]
    #[arg(long, value_parser = named::<FieldFormat>())]
    pub fields: Option<FieldFormat>,
    /// Another value for a parameter of physiology.toml, as NAME=VALUE; may be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Grow trabecular bone from a uniform block by the laws of remodelling, sped up, instead of
    /// settling it first
    #[arg(long)]
    pub grow: bool,
    /// Of a session with a twin, the twin instead of the first run
    #[arg(long)]
    pub twin: bool,
    /// When bones are tested to failure (a solve each) [default: ends]
    #[arg(long, value_parser = named::<StrengthDays>())]
    pub strength: Option<StrengthDays>,
    /// Go on with the run that --out holds the middle of, to the same bytes
    #[arg(long)]
    pub resume: bool,
    /// Seconds after which the run is kept again in --out, for --resume
    #[arg(long, default_value_t = 20.0, value_name = "S")]
    pub save_every: f64,
    /// Part of the name of the adapter to use [default: WGPU_ADAPTER_NAME, or the most powerful]
    #[arg(long, value_name = "NAME")]
    pub adapter: Option<String>,
    /// Count quotients, roots and powers that are no finite number, where the shaders make them
    /// (slower)
    #[arg(long)]
    pub check_numbers: bool,
}

//! Mechanostat's command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use mechanostat::command::{
    self, BenchArgs, CommandError, DoctorArgs, RunArgs, SolveArgs, ValidateArgs,
};

/// Bone and muscle answering gravity.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Scenario to open in the window: built-in name or path of a TOML file
    #[arg(default_value = "iss-6-months-and-a-year-home")]
    scenario: String,
    /// Scene of the window: hip, lower-leg, lumbar, trabecular-core, or a scan's file
    #[arg(long, default_value = "hip")]
    scene: String,
    /// Group of people in the window: control, op (osteoporotic) or oa (osteoarthritic)
    #[arg(long, default_value = "control")]
    group: String,
    /// Voxels along the scene's longest side, in the window
    #[arg(long, default_value_t = 48, value_name = "N")]
    size: usize,
    /// Part of the name of the adapter to use [default: WGPU_ADAPTER_NAME, or the most powerful]
    #[arg(long, value_name = "NAME")]
    adapter: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a scenario without a window and leave its tables, fields and figure
    Run(RunArgs),
    /// Hold the model against every published claim it knows, in range or not
    Validate(ValidateArgs),
    /// Compress a scan: apparent stiffness, strain energy density, failure load
    Solve(SolveArgs),
    /// Time every stage on this machine's adapter
    Bench(BenchArgs),
    /// List adapters, drivers, limits, and what to do when there is none
    Doctor(DoctorArgs),
}

fn main() -> ExitCode {
    keep_mesa_quiet();
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("error")).init();
    let cli = Cli::parse();
    let result = match &cli.command {
        Some(Command::Run(args)) => command::run(args),
        Some(Command::Bench(args)) => command::bench(args),
        Some(Command::Solve(args)) => command::solve(args),
        Some(Command::Validate(args)) => command::validate(args),
        Some(Command::Doctor(args)) => command::doctor(args),
        None => open_window(&cli),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !error.message.is_empty() {
                eprintln!("mechanostat: {error}");
            }
            ExitCode::from(error.code)
        }
    }
}

/// Without a desktop session Mesa's chooser of devices writes errors about the missing display before our own
/// sentence; the adapter is chosen here, so the chooser is left out.
fn keep_mesa_quiet() {
    if cfg!(target_os = "linux") && std::env::var_os("XDG_RUNTIME_DIR").is_none_or(|v| v.is_empty())
    {
        #[expect(
            unsafe_code,
            reason = "called first of all in main, while no other thread can read the environment"
        )]
        unsafe {
            std::env::set_var("NODEVICE_SELECT", "1");
        }
    }
}

fn open_window(cli: &Cli) -> Result<(), CommandError> {
    let scenario = command::scenario(&cli.scenario)?;
    let adapter = cli.adapter.as_deref();
    mechanostat::app::open(scenario, &cli.scene, &cli.group, cli.size, adapter)
}

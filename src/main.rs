//! Mechanostat's command line.

use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, Subcommand};
use mechanostat::app::AppError;
use mechanostat::command::{
    self, AnatomyArgs, BenchArgs, BenchSubject, CommandError, DoctorArgs, FigureArgs, Flags,
    RunArgs, SolveArgs, ValidateArgs,
};

/// Bone and muscle answering gravity.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// What to open in the window: a scenario's built-in name, or a TOML file: a scenario, or a
    /// run.toml
    #[arg(default_value = "iss-6-months-and-a-year-home")]
    scenario: String,
    /// Scene of the window: hip, lower-leg, lumbar, trabecular-core, or a scan's file [default:
    /// hip]
    #[arg(long)]
    scene: Option<String>,
    /// Group of people in the window: control, op (osteoporotic) or oa (osteoarthritic) [default:
    /// control]
    #[arg(long)]
    group: Option<String>,
    /// Voxels along the scene's longest side, in the window [default: 48 on a
    /// software adapter, 64 on any other]
    #[arg(long, value_name = "N")]
    size: Option<usize>,
    /// Part of the name of the adapter to use [default: WGPU_ADAPTER_NAME, or the most powerful]
    #[arg(long, value_name = "NAME")]
    adapter: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a scenario without a window and leave its tables, fields and figure
    Run(RunArgs),
    /// Draw a study's figure for a journal, a slide or a poster, with the study inside
    Figure(FigureArgs),
    /// Hold the model against every published claim it knows, in range or not
    Validate(ValidateArgs),
    /// Dimensions, densities, contacts and forces of a scene beside published ones
    Anatomy(AnatomyArgs),
    /// Compress a scan: apparent stiffness, strain energy density, failure load
    Solve(SolveArgs),
    /// Time every stage on this machine's adapter
    Bench(BenchArgs),
    /// List adapters, drivers, limits, and what to do when there is none
    Doctor(DoctorArgs),
}

fn main() -> ExitCode {
    let began = Instant::now();
    keep_mesa_quiet();
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("error")).init();
    let cli = Cli::parse();
    let result = match &cli.command {
        Some(Command::Run(args)) => command::run(args),
        Some(Command::Figure(args)) => command::figure(args),
        Some(Command::Anatomy(args)) => command::anatomy(args),
        Some(Command::Bench(args)) if args.what == BenchSubject::Window => {
            bench_window(args, began)
        }
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

/// Without a desktop session Mesa's chooser of devices writes errors about the missing display
/// before our own sentence; the adapter is chosen here, so the chooser is left out.
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
    let flags = Flags {
        scene: cli.scene.clone(),
        size: cli.size,
        group: cli.group.clone(),
        ..Flags::default()
    };
    let adapter = command::known_adapter(cli.adapter.as_deref())?;
    let size = command::window_size(adapter.as_deref());
    let (document, output) = command::asked(&cli.scenario, &flags, size)?;
    let day = output.map_or(0.0, |o| o.days);
    mechanostat::app::open(document, day, adapter.as_deref()).map_err(refused)
}

fn refused(error: AppError) -> CommandError {
    match error {
        AppError::Study(e) => e.into(),
        AppError::NoAdapter(message) => CommandError { message, code: 3 },
        e => CommandError {
            message: e.to_string(),
            code: 1,
        },
    }
}

/// The window first, as it is opened by a person; pictures alone after it. Without a display only
/// those.
fn bench_window(args: &BenchArgs, began: Instant) -> Result<(), CommandError> {
    if !args.scans.is_empty() || !args.cubes.is_empty() {
        let why = "scans and cubes are for 'bench mechanics'; the window is timed on the hip";
        return Err(CommandError::usage(why));
    }
    let flags = Flags::default();
    let scenario = "iss-6-months-and-a-year-home";
    let (document, _) = command::asked(scenario, &flags, args.size)?;
    let adapter = command::known_adapter(args.adapter.as_deref())?;
    let window = match mechanostat::app::time(document, adapter.as_deref(), began) {
        Ok(timed) => Some(timed),
        Err(AppError::NoDisplay) => {
            eprintln!("mechanostat: there is no display; only pictures are timed");
            None
        }
        Err(error) => return Err(refused(error)),
    };
    let pictures = command::time_pictures(args)?;
    command::tell_window(args, &pictures, window)
}

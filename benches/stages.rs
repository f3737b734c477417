//! The stages' speed on this machine's adapter: `cargo bench`, or `mechanostat bench` for other
//! sizes.

fn main() {
    let args = mechanostat::command::BenchArgs {
        what: mechanostat::command::BenchSubject::Stages,
        scans: Vec::new(),
        json: false,
        size: 48,
        cubes: Vec::new(),
        adapter: None,
    };
    if let Err(error) = mechanostat::command::bench(&args) {
        eprintln!("{error}");
        std::process::exit(i32::from(error.code));
    }
}

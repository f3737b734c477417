//! The stages' speed on this machine's adapter: `cargo bench`, or `mechanostat bench` for other sizes.

fn main() {
    let args = mechanostat::command::BenchArgs {
        json: false,
        mechanics: false,
        size: 48,
    };
    if let Err(error) = mechanostat::command::bench(&args) {
        eprintln!("{error}");
        std::process::exit(i32::from(error.code));
    }
}

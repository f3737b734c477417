//! Runs that are killed, interrupted or out of room, and what they come to when they go on.
#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test fails by panicking, and exactness is what some of them are about"
)]

mod common;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use common::program::{assert_same, contents, mechanostat, refused};
use common::{Noise, scratch};
use mechanostat::io::Archive;

/// Waits a minute at most.
#[track_caller]
fn wait_for(is_there: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_there() {
        assert!(began.elapsed().as_secs() < 60, "it never came");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

#[test]
fn a_run_that_was_killed_goes_on_to_the_same_bytes() {
    let folder = scratch("resume");
    let path = |name: &str| folder.join(name);
    let command = |out: &Path, more: &[&str]| {
        let mut args = vec!["run", "iss-6-months", "--size", "24", "--days", "60"];
        // Rows between two steps, and fields of some days.
        args.extend(["--every", "7.5", "--fields", "npy", "--strength", "every"]);
        args.extend(["--save-every", "0", "--out", out.to_str().unwrap()]);
        args.extend(more);
        mechanostat(&args)
    };
    let whole = path("whole");
    assert!(command(&whole, &[]).output().unwrap().status.success());

    let broken = path("broken");
    let nothing = command(&broken, &["--resume"]).output().unwrap();
    refused(&nothing, 2, &["--resume", "holds no run"]);
    let mut child = command(&broken, &[])
        .stderr(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    // Kept after its third row.
    let row = broken.join("fields/day_00015.0000_bmd.npy");
    wait_for(|| row.exists());
    child.kill().unwrap();
    child.wait().unwrap();
    let kept = broken.join("checkpoint/now");
    assert!(kept.exists() && !broken.join("timeseries.csv").exists());

    // What cannot be gone on from is left as it is.
    let bytes = std::fs::read(&kept).unwrap();
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 16;
    let mut other = bytes.clone();
    other[8] = 9;
    for (bad, words) in [
        (&bytes[..bytes.len() - 9], "damaged"),
        (&bytes[..5], "no checkpoint"),
        (&flipped[..], "damaged"),
        (&other[..], "format 9"),
    ] {
        std::fs::write(&kept, bad).unwrap();
        let before = contents(&broken);
        let output = command(&broken, &["--resume"]).output().unwrap();
        refused(&output, 2, &["checkpoint/now", words]);
        assert_eq!(String::from_utf8_lossy(&output.stderr).lines().count(), 1);
        assert_eq!(contents(&broken), before);
    }
    std::fs::write(&kept, &bytes).unwrap();
    let before = contents(&broken);
    for (more, words) in [
        (&["--group", "op"][..], "group was \"control\", and \"op\""),
        (&["--set", "rankl_gain=1"], "set was"),
        (&["--scene", "lumbar"], "scene was \"hip\""),
    ] {
        let more = [&["--resume"], more].concat();
        let output = command(&broken, &more).output().unwrap();
        refused(&output, 2, &["checkpoint/now", "of another run", words]);
    }
    // The same flags, but a body of another program.
    let archive = Archive::from_bytes(&bytes).unwrap();
    let with = |from: &str, to: &str| {
        assert!(archive.header.contains(from), "{from}");
        let header = archive.header.replace(from, to);
        Archive {
            header,
            ..archive.clone()
        }
        .to_bytes()
        .unwrap()
    };
    let version = format!("version = \"{}\"", env!("CARGO_PKG_VERSION"));
    std::fs::write(&kept, with(&version, "version = \"0.0.1\"")).unwrap();
    let output = command(&broken, &["--resume"]).output().unwrap();
    refused(
        &output,
        2,
        &["checkpoint/now", "another version: 0.0.1, and"],
    );
    std::fs::write(&kept, &bytes).unwrap();
    assert_eq!(contents(&broken), before);

    // Kept on another adapter a run goes on, and says so.
    let adapter = archive
        .header
        .lines()
        .find(|l| l.starts_with("adapter"))
        .unwrap();
    std::fs::write(&kept, with(adapter, "adapter = \"another card\"")).unwrap();

    let output = command(&broken, &["--resume"]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert!(
        told.contains("began on another card: here its last digits may differ"),
        "{told}"
    );
    assert_same(&whole, &broken);
}

/// Ctrl-C, a second run, and a lock whose owner was killed.
#[cfg(unix)]
#[test]
fn an_interrupted_run_is_kept_and_a_folder_in_use_is_refused() {
    let folder = scratch("interrupt");
    let out = folder.join("out");
    let command = |out: &Path, more: &[&str]| {
        let mut args = vec![
            "run",
            "iss-6-months",
            "--size",
            "24",
            "--days",
            "150",
            "--every",
            "30",
        ];
        args.extend(["--out", out.to_str().unwrap()]);
        args.extend(more);
        mechanostat(&args)
    };
    let unfinished = out.join("timeseries.unfinished.csv");
    let begun = |rows: usize| {
        let lines = || std::fs::read_to_string(&unfinished).map_or(0, |t| t.lines().count());
        wait_for(|| lines() > rows);
    };
    let quiet = |mut command: Command| {
        let command = command.stdout(std::process::Stdio::null());
        command
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap()
    };
    // Ended by a signal between two rows: what was measured is there, and how to go on is told.
    let child = quiet(command(&out, &[]));
    begun(1);
    let second = command(&out, &[]).output().unwrap();
    refused(&second, 2, &["out is in use"]);
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    let output = child.wait_with_output().unwrap();
    refused(
        &output,
        1,
        &["interrupted on day", "--resume goes on from day", "out"],
    );
    assert!(unfinished.exists() && !out.join("timeseries.csv").exists());
    let rows = std::fs::read_to_string(&unfinished).unwrap();
    assert!(rows.starts_with("day,gravity_g,") && rows.contains("\n0,"));

    // Killed: the lock is there, and no process holds it.
    std::fs::remove_file(&unfinished).unwrap();
    let mut child = quiet(command(&out, &["--resume"]));
    begun(1);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(out.join(".mechanostat-lock").exists());
    let output = command(&out, &["--resume"]).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );

    let whole = folder.join("whole");
    assert!(command(&whole, &[]).output().unwrap().status.success());
    assert_same(&out, &whole);
}

/// Killed ten times at random, each time gone on with: the same bytes as a run in one piece.
#[test]
fn a_run_that_is_killed_ten_times_comes_to_the_same_bytes() {
    let folder = scratch("ten-kills");
    let command = |out: &Path, resume: bool| {
        let mut args = vec!["run", "iss-6-months", "--size", "24", "--days", "150"];
        args.extend(["--every", "7.5", "--strength", "every", "--save-every", "0"]);
        args.extend(["--out", out.to_str().unwrap()]);
        args.extend(resume.then_some("--resume"));
        let mut command = mechanostat(&args);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let (whole, broken) = (folder.join("whole"), folder.join("broken"));
    let began = Instant::now();
    assert!(command(&whole, false).status().unwrap().success());
    let took = began.elapsed();
    let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let mut noise = Noise(seed.unwrap().as_nanos() as u64);
    let goes_on = || broken.join("checkpoint/now").exists();
    let (mut kills, mut resumed) = (0, 0);
    while kills < 10 {
        let resumes = goes_on();
        let mut child = command(&broken, resumes).spawn().unwrap();
        // At any moment of a small part of the run; where it begins anew, of settling too.
        let most = if resumes { 0.05 } else { 0.7 };
        std::thread::sleep(took.mul_f64(most * noise.next()));
        if child.try_wait().unwrap().is_some() && !resumes {
            // This time it was faster than when it was timed.
            std::fs::remove_dir_all(&broken).unwrap();
            continue;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        resumed += usize::from(resumes);
    }
    assert!(command(&broken, goes_on()).status().unwrap().success());
    assert!(resumed >= 1, "no run was gone on with");
    assert_same(&whole, &broken);
}

/// A disk that is full in the middle of a run (no file may grow further): one sentence and exit
/// code 1, and with room again the same bytes.
#[cfg(unix)]
#[test]
fn a_run_that_fills_the_disk_goes_on_when_there_is_room() {
    let folder = scratch("full-in-the-middle");
    let (whole, broken) = (folder.join("whole"), folder.join("broken"));
    let args = |out: &Path, more: &[&str]| -> Vec<String> {
        let args = ["run", "iss-6-months", "--size", "24", "--days", "90"];
        let out = ["--save-every", "0", "--out", out.to_str().unwrap()];
        let all = [&args[..], &out, more].concat();
        all.into_iter().map(str::to_owned).collect()
    };
    let go = |args: &[String]| {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        mechanostat(&args)
    };
    assert!(go(&args(&whole, &[])).output().unwrap().status.success());
    let mut child = go(&args(&broken, &[]));
    let mut child = child
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (now, rows) = (
        broken.join("checkpoint/now"),
        broken.join("timeseries.unfinished.csv"),
    );
    // Ten days in: by then what is kept of the tissue hardly grows, and what is kept of rows does.
    let is_begun = || std::fs::read_to_string(&rows).is_ok_and(|t| t.contains("\n10,"));
    wait_for(|| now.exists() && is_begun());
    child.kill().unwrap();
    child.wait().unwrap();
    // What is kept grows by the rows measured: there is room for those of some days, not of all.
    let bytes = std::fs::metadata(&now).unwrap().len();
    let blocks = (bytes + 40_000).div_ceil(512);
    let program = env!("CARGO_BIN_EXE_mechanostat");
    let line = format!("trap '' XFSZ; ulimit -f {blocks}; exec {program} \"$@\"");
    let output = Command::new("sh")
        .args(["-c", &line, "sh"])
        .args(args(&broken, &["--resume"]))
        .output()
        .unwrap();
    refused(
        &output,
        1,
        &[
            "checkpoint/now",
            "cannot be written",
            "--resume goes on from day",
        ],
    );
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    // The first line names the run.
    assert_eq!(told.trim().lines().count(), 2, "{told}");
    let rows = std::fs::read_to_string(rows).unwrap();
    let whole_rows = std::fs::read_to_string(whole.join("timeseries.csv")).unwrap();
    assert!(whole_rows.starts_with(&rows) && rows.lines().count() > 500);
    assert!(rows.len() < whole_rows.len());
    let output = go(&args(&broken, &["--resume"])).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_same(&whole, &broken);
}

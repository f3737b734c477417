//! `mechanostat bench window`: how long pictures take, and what a window answers.

use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;

use crate::gpu::{Gpu, Request};
use crate::physiology::Model;
use crate::sim::{Simulation, need};
use crate::tissue::Anatomy;
use crate::view::{Look, Picture, RayMarch, STILL_SAMPLES};

use super::bench::BenchArgs;
use super::error::{CommandError, say, say_json};
use super::wait::{Wait as _, open_gpu};

/// Pixels of the picture in a window of 1280 × 800.
const PICTURE: [u32; 2] = [708, 650];

/// Times of pictures, drawn without a window.
#[derive(Debug, Clone, Serialize)]
pub struct PictureTimes {
    /// The adapter's name.
    pub adapter: String,
    /// A moving frame, at half the size on a software adapter, ms.
    pub moving_frame_ms: f64,
    /// One sample of a still picture, ms.
    pub still_sample_ms: f64,
    /// All of a still picture's samples, ms.
    pub still_picture_ms: f64,
}

/// Times pictures of the hip.
/// # Errors
/// [`CommandError`].
pub fn time_pictures(args: &BenchArgs) -> Result<PictureTimes, CommandError> {
    let anatomy = Arc::new(Anatomy::build("hip", args.size)?);
    let model = Arc::new(Model::built_in()?);
    let gpu = open_gpu(Request::on(args.adapter.as_deref(), need(&anatomy)))?;
    let simulation = Simulation::new(&gpu, Arc::clone(&anatomy), model)?;
    let mut march = RayMarch::new(simulation.body())?;
    let still = Look::Change.picture(&anatomy, PICTURE);
    let software = gpu.info().device_type == wgpu::DeviceType::Cpu;
    let mut moving = still;
    if software {
        moving.size = PICTURE.map(|n| n / 2);
    }
    // Once to warm up: software adapters compile when they first draw.
    march.draw(&gpu, &moving)?;
    gpu.wait()?;
    let mut frames = Vec::new();
    for k in 0..24u8 {
        let mut turned: Picture = moving;
        turned.camera.orbit(15.0 * f32::from(k), 0.0);
        let start = Instant::now();
        march.turn(&gpu, &turned)?;
        gpu.wait()?;
        frames.push(1e3 * start.elapsed().as_secs_f64());
    }
    march.turn(&gpu, &still)?;
    gpu.wait()?;
    let start = Instant::now();
    let mut samples = Vec::new();
    for _ in 0..STILL_SAMPLES {
        let one = Instant::now();
        march.gather(&gpu)?;
        gpu.wait()?;
        samples.push(1e3 * one.elapsed().as_secs_f64());
    }
    Ok(PictureTimes {
        adapter: Gpu::adapter_name(&gpu),
        moving_frame_ms: median(frames),
        still_sample_ms: median(samples),
        still_picture_ms: 1e3 * start.elapsed().as_secs_f64(),
    })
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// What is told of pictures and of the window, one object.
#[derive(Debug, Serialize)]
struct Report<'a, T> {
    #[serde(flatten)]
    pictures: &'a PictureTimes,
    #[serde(flatten)]
    window: Option<T>,
}

/// Prints what was measured; `window` is none where there was no display.
/// # Errors
/// [`CommandError`].
pub fn tell_window(
    args: &BenchArgs,
    pictures: &PictureTimes,
    window: Option<impl Serialize>,
) -> Result<(), CommandError> {
    let report = Report { pictures, window };
    if args.json {
        return say_json(&report);
    }
    let value = serde_json::to_value(&report).map_err(|e| CommandError {
        message: e.to_string(),
        code: 1,
    })?;
    for (key, value) in value.as_object().into_iter().flatten() {
        say(&format!("{key:<22} {value}"))?;
    }
    Ok(())
}

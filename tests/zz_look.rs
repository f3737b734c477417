#![allow(clippy::unwrap_used)]
mod common;
use std::sync::Arc;
use common::gpu;
use mechanostat::command::wait::Wait as _;
use mechanostat::study::{Document, Place, Setup};
use mechanostat::scenario::Scenario;
use mechanostat::view::*;
use std::time::Instant;

#[test]
fn looks() {
    let gpu = gpu();
    let scene = std::env::var("SCENE").unwrap_or("hip".into());
    let size: usize = std::env::var("SIZE").unwrap_or("48".into()).parse().unwrap();
    let days: f64 = std::env::var("DAYS").unwrap_or("143".into()).parse().unwrap();
    let scenario = Scenario::built_in("iss-6-months").unwrap().unwrap();
    let setup = Setup { size, scene: scene.clone(), ..Setup::new("iss-6-months", scenario) };
    let place = Place::scene(Box::leak(scene.clone().into_boxed_str()));
    let anatomy = place.anatomy(size, &setup.scenario.person).unwrap();
    let model = setup.model(anatomy.scene).unwrap();
    let mut sim = mechanostat::sim::Simulation::new(&gpu, Arc::clone(&anatomy), model).unwrap();
    let t = Instant::now();
    common::settle(&mut sim);
    sim.set_conditions(mechanostat::scenario::Conditions { gravity: 0.0, ..mechanostat::scenario::Conditions::EARTH });
    for _ in 0..(days as usize / 2) { sim.advance(2.0); common::settle(&mut sim); }
    println!("settled {:?}", t.elapsed());
    let t = Instant::now();
    let mut march = RayMarch::new(sim.body()).unwrap();
    gpu.wait().unwrap();
    println!("march made {:?}", t.elapsed());
    let px = [768, 600];
    for look in Look::ALL {
        let mut picture = look.picture(&anatomy, px); if let Ok(w) = std::env::var("LOOK") { if w != look.name() { continue; } }
        picture.background = [0.11, 0.12, 0.14];
        let t = Instant::now();
        march.draw(&gpu, &picture).unwrap();
        gpu.wait().unwrap();
        let draw = t.elapsed();
        let mut half = picture; half.size = [384, 300];
        march.turn(&gpu, &half).unwrap();
        gpu.wait().unwrap();
        let t = Instant::now();
        for _ in 0..5 { march.turn(&gpu, &half).unwrap(); gpu.wait().unwrap(); }
        let turn = t.elapsed() / 5;
        march.turn(&gpu, &picture).unwrap();
        gpu.wait().unwrap();
        let t = Instant::now();
        for _ in 0..std::env::var("N").map_or(64, |n| n.parse::<u32>().unwrap()) { march.gather(&gpu).unwrap(); gpu.wait().unwrap(); }
        let gather = t.elapsed();
        println!("{} draw {draw:?} turn half {turn:?} 64 samples {gather:?}", look.name());
        let bytes = gpu.fetch(&march.read(&gpu).unwrap()).unwrap();
        let pixels = RayMarch::pixels(px, &bytes[0]);
        let raster = mechanostat::figure::Raster { size: px, pixels };
        std::fs::write(format!("/tmp/look_{scene}_{}.png", look.name()), raster.encode(None).unwrap()).unwrap();
        march.turn(&gpu, &picture).unwrap();
        let bytes = gpu.fetch(&march.read(&gpu).unwrap()).unwrap();
        let pixels = RayMarch::pixels(px, &bytes[0]);
        let raster = mechanostat::figure::Raster { size: px, pixels };
        std::fs::write(format!("/tmp/fast_{scene}_{}.png", look.name()), raster.encode(None).unwrap()).unwrap();
    }
}

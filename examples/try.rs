use std::sync::Arc; use std::time::Instant;
use mechanostat::{gpu::*, physiology::Model, sim::*, tissue::Anatomy, scenario::*, measure::Ruler};
fn main() {
    let size: usize = std::env::args().nth(1).unwrap().parse().unwrap();
    let a = Arc::new(Anatomy::build("hip", size).unwrap());
    let m = Arc::new(Model::built_in().unwrap());
    let gpu = Gpu::open(Simulation::need(&a)).unwrap();
    let ruler = Ruler::new(&a, &m);
    for name in std::env::args().skip(2) {
    let sc = Scenario::built_in(&name).unwrap().unwrap();
    let t = Instant::now();
    let mut s = Simulation::new(&gpu, a.clone(), m.clone()).unwrap();
    let settle = |s: &mut Simulation| loop { match s.poll().unwrap() { Status::Ready => break, Status::Waiting => gpu.wait().unwrap(), _ => {} } };
    settle(&mut s);
    println!("== {name}: settled {:?} {:?} bytes/voxel {:.1}", t.elapsed(), s.outcomes().iter().map(|o| (o.iterations, o.true_residual)).collect::<Vec<_>>(), s.bytes() as f64/a.len() as f64);
    let snap = |s: &Simulation| { let p = s.snapshot().unwrap(); gpu.wait().unwrap(); ruler.measure(&p.poll().unwrap().unwrap()) };
    let m0 = snap(&s);
    for r in &m0 { if matches!(r.quantity, "bmd"|"trabecular_bmd"|"cortical_bmd"|"volume") { print!("{} {} {:.1}; ", r.region, r.quantity, r.value); } } println!();
    let t = Instant::now();
    let mut next = 0.0;
    while s.day() < sc.days() - 1e-9 {
        let (ph, _) = sc.phase_at(s.day()); s.set_conditions(ph.conditions);
        settle(&mut s); s.advance(1.0); settle(&mut s);
        if [1.0,5.0,8.0,14.0,30.0,60.0,90.0,119.0,180.0,187.0,195.0,210.0,240.0,270.0,300.0,360.0,420.0,545.0,730.0,1095.0].contains(&s.day().round()) || s.day() > 1e9 { let _ = next; next = 0.0;
            let mm = snap(&s);
            let g = |reg: &str, q: &str| { let f = |v: &Vec<mechanostat::measure::Measurement>| v.iter().find(|x| x.region==reg && x.quantity==q).unwrap().value; 100.0*(f(&mm)/f(&m0)-1.0) };
            println!("d{:4.0} hip bmd {:6.2} trab {:6.2} cort {:6.2} neck {:6.2} troch {:6.2} shaft {:6.2} | OC {:6.1} OB {:6.1} scl {:5.1} CTX {:6.1} ALP {:6.1} fat {:4.1} | quad {:6.2} ham {:6.2} glut {:6.2} qstr {:6.2} sat {:5.1} tube {:5.1} bmp {:5.1} mst {:5.1}", s.day(), g("total_hip","bmd"), g("total_hip","trabecular_bmd"), g("total_hip","cortical_bmd"), g("femoral_neck","bmd"), g("trochanter","bmd"), g("femur_shaft","bmd"), g("total_hip","osteoclasts"), g("total_hip","osteoblasts"), g("total_hip","sclerostin"), g("whole_body","resorption_marker"), g("whole_body","formation_marker"), g("total_hip","marrow_fat"), g("quadriceps","volume"), g("hamstrings","volume"), g("gluteals","volume"), g("quadriceps","strength"), g("quadriceps","satellite_cells"), g("quadriceps","myotubes"), g("quadriceps","bmp2"), g("quadriceps","myostatin"));
        }
    }
    println!("run {:?} {:?}", t.elapsed(), s.outcomes().iter().map(|o| (o.iterations, o.true_residual)).collect::<Vec<_>>());
    }
}

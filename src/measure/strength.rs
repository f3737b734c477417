//! Tests to failure of a whole bone. Bone that is denser or sparser yields: each element's modulus
//! is its secant at a given displacement, found in a few solves. Single struts, which break, are
//! tested by one linear solve and Pistoia's criterion.

use std::time::Duration;

use crate::gpu::{Gpu, Pace, Readback, values};
use crate::sim::{SimError, Simulation, node_forces};
use crate::solver::{Element, Look, Mechanics, Problem, Solve};
use crate::tissue::{SiteKind, StrengthPlan};

use super::compression::{PISTOIA_STRAIN, PISTOIA_VOLUME, strain_energy};

/// Relative residual of the solve.
const TOLERANCE: f32 = 1e-3;
/// Iterations after which it is given up.
const MOST_ITERATIONS: u32 = 200;
/// Iterations that a submission holds at most.
const MOST_SLICE: u32 = 8;

/// Effective strain at which bone yields, whatever its density: 0.7 to 0.8 % in trabecular bone
/// under compression, 0.6 % in tension (Morgan and Keaveny 2001 J Biomech 34:569); then it flows.
const YIELD_STRAIN: f64 = 0.007;
/// Solves with secant moduli at most, and the change of force below which the last is good.
const SECANTS: u32 = 6;
const STEADY: f64 = 0.01;
/// What a secant modulus keeps of the elastic one at least, so that the solver converges.
const LEAST_SECANT: f64 = 0.01;

/// What a test says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Strength {
    /// Force that it bears, yielding, where it would meet Pistoia's criterion if it did not yield,
    /// N; of single struts the force at which that criterion is met.
    pub strength: f64,
    /// Force over the displacement of where it acts, along itself, N/mm.
    pub stiffness: f64,
}

/// A test under way on the bone as it was when the test was made. Never waits.
#[derive(Debug)]
pub struct StrengthTest {
    gpu: Gpu,
    name: &'static str,
    mechanics: Mechanics,
    element: Element,
    forces: Vec<([usize; 3], [f32; 3])>,
    /// Share of each element that is bone and may fail, by element, x fastest.
    share: Vec<f64>,
    reference_modulus: f64,
    /// Modulus that bone has at least, relative to the reference.
    least: f64,
    solve: Solve,
    pace: Pace,
    readback: Option<Readback>,
    /// Of bone that yields, once it has been tested as if it did not.
    yielding: Option<Yielding>,
}

/// A test on its way from elastic to yielding bone.
#[derive(Debug)]
struct Yielding {
    /// Modulus of unstrained bone, by padded element.
    elastic: Vec<f32>,
    /// Displacement of where the force acts that is imposed, mm.
    displacement: f64,
    /// Force at it in the last solve, N.
    force: f64,
    stiffness: f64,
    solves: u32,
}

impl StrengthTest {
    /// Mounts the bone of `simulation` as `plan` has it.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn new(simulation: &Simulation, plan: &StrengthPlan) -> Result<Self, SimError> {
        let gpu = simulation.gpu();
        let anatomy = simulation.anatomy();
        let n = anatomy.elements;
        let number = |at: [usize; 3], n: [usize; 3]| at[0] + n[0] * (at[1] + n[1] * at[2]);
        let mut share = vec![0.0; n.iter().product()];
        let cast = plan.cast_elements(anatomy.spacing);
        for bone in &anatomy.bone {
            let at = std::array::from_fn(|k| bone.at[k] - anatomy.mechanics_low[k]);
            if cast.contains(&at) {
                continue;
            }
            share[number(at, n)] = bone
                .sites
                .iter()
                .filter(|s| s.kind != SiteKind::Platen)
                .map(|s| s.fraction)
                .sum();
        }
        let nodes = n.map(|n| n + 1);
        let mut held = vec![0u8; nodes.iter().product()];
        for (at, bits) in &plan.held {
            held[number(*at, nodes)] |= bits;
        }
        let sim_problem = crate::sim::problem(anatomy, simulation.model());
        // Marrow between single struts is soft, strains much and breaks nothing.
        let resolved = anatomy
            .bone
            .iter()
            .any(|b| b.sites.iter().any(|s| s.kind == SiteKind::Strut));
        let element = simulation.mechanics().element().clone();
        let forces = node_forces(&plan.load);
        let mechanics = Mechanics::new(
            gpu,
            &Problem {
                elements: n,
                element: element.clone(),
                active: sim_problem.active,
                held,
                loads: vec![forces.clone()],
            },
        )?;
        let mut encoder = gpu.encoder("strength test");
        encoder.copy_buffer_to_buffer(
            simulation.mechanics().modulus(),
            0,
            mechanics.modulus(),
            0,
            None,
        );
        gpu.submit(encoder);
        Ok(Self {
            gpu: gpu.clone(),
            name: plan.name,
            mechanics,
            element,
            forces,
            share,
            reference_modulus: f64::from(simulation.model().physiology.reference_modulus),
            least: if resolved {
                let p = &simulation.model().physiology;
                let half = f64::from(0.5 * p.tissue_density).powf(f64::from(p.modulus_exponent));
                f64::from(p.modulus_coefficient / p.reference_modulus) * half
            } else {
                0.0
            },
            solve: Solve::new(0, TOLERANCE, 0, MOST_ITERATIONS).with_operators(),
            pace: Pace::new(MOST_SLICE),
            readback: None,
            yielding: None,
        })
    }

    /// Goes on if the adapter is done with the last slice; the answer, once it is there.
    /// # Errors
    /// [`SimError::NotConverged`], or trouble with the adapter.
    pub fn poll(&mut self, now: Duration) -> Result<Option<Strength>, SimError> {
        self.gpu.poll()?;
        if let Some(readback) = &self.readback {
            let Some(parts) = readback.poll()? else {
                return Ok(None);
            };
            self.readback = None;
            return Ok(self.evaluate(&parts));
        }
        let look = self
            .solve
            .poll(&self.gpu, &self.mechanics, &mut self.pace, now)?;
        let Look::Done(outcome) = look else {
            return Ok(None);
        };
        if !outcome.converged || !outcome.true_residual.is_finite() {
            return Err(SimError::NotConverged {
                load: self.name.to_owned(),
                iterations: outcome.iterations,
                residual: outcome.true_residual,
            });
        }
        let entries = self.mechanics.grid().len() as u64;
        let mut encoder = self.gpu.encoder("strength test");
        self.readback = Some(Readback::record(
            &self.gpu,
            &mut encoder,
            &[
                (self.mechanics.displacement(), 0, 12 * entries),
                (self.mechanics.modulus(), 0, 4 * entries),
            ],
        )?);
        self.gpu.submit(encoder);
        Ok(None)
    }

    fn evaluate(&mut self, parts: &[Vec<u8>]) -> Option<Strength> {
        let grid = self.mechanics.grid();
        let displacement = parts.first().map(|b| values::<f32>(b)).unwrap_or_default();
        let mut padded = parts.get(1).map(|b| values::<f32>(b)).unwrap_or_default();
        let modulus: Vec<f64> = grid
            .each_element()
            .map(|at| f64::from(padded[grid.index(at)]))
            .collect();
        let (energy, _) = strain_energy(&grid, &self.element, &modulus, &displacement);
        // Effective strain at 1 N times the reference modulus.
        let each = energy.iter().zip(&modulus);
        let strain: Vec<f64> = each.map(|(u, m)| (2.0 * u / m).sqrt()).collect();
        let work: f64 = self
            .forces
            .iter()
            .flat_map(|(at, f)| (0..3).map(move |k| (grid.index(*at), f[k], k)))
            .map(|(i, f, k)| f64::from(f) * f64::from(displacement[3 * i + k]))
            .sum();
        let (now, is_last) = match self.yielding.take() {
            None => {
                let strength = self.pistoia(&strain, &modulus);
                let stiffness = self.reference_modulus / work;
                if self.least > 0.0 {
                    return Some(Strength {
                        strength,
                        stiffness,
                    });
                }
                let first = Yielding {
                    elastic: padded.clone(),
                    displacement: strength / stiffness,
                    force: strength,
                    stiffness,
                    solves: 0,
                };
                (first, false)
            }
            Some(before) => {
                let force = before.displacement * self.reference_modulus / work;
                let solves = before.solves + 1;
                let is_steady = (force / before.force - 1.0).abs() < STEADY;
                let now = Yielding {
                    force,
                    solves,
                    ..before
                };
                (now, is_steady || solves >= SECANTS)
            }
        };
        if is_last {
            return Some(Strength {
                strength: now.force,
                stiffness: now.stiffness,
            });
        }
        for (k, at) in grid.each_element().enumerate() {
            let here = grid.index(at);
            let strained = strain[k] * now.force / self.reference_modulus;
            if self.share[k] > 0.0 && strained > YIELD_STRAIN {
                let left = (YIELD_STRAIN / strained).max(LEAST_SECANT);
                padded[here] = now.elastic[here] * left as f32;
            } else {
                padded[here] = now.elastic[here];
            }
        }
        self.gpu.write(self.mechanics.modulus(), &padded);
        self.solve = Solve::new(0, TOLERANCE, 0, MOST_ITERATIONS).with_operators();
        self.yielding = Some(now);
        None
    }

    /// Force at which Pistoia's criterion is met, N, from the strain at 1 N times the reference
    /// modulus.
    fn pistoia(&self, strain: &[f64], modulus: &[f64]) -> f64 {
        let mut strained: Vec<(f64, f64)> = strain
            .iter()
            .zip(modulus)
            .zip(&self.share)
            .filter(|((_, m), share)| **m > self.least && **share > 0.0)
            .map(|((strain, _), share)| (*strain, *share))
            .collect();
        strained.sort_by(|a, b| b.0.total_cmp(&a.0));
        let total: f64 = strained.iter().map(|s| s.1).sum();
        let mut above = 0.0;
        let critical = strained
            .iter()
            .find(|(_, share)| {
                above += share;
                above >= PISTOIA_VOLUME * total
            })
            .map_or(f64::INFINITY, |s| s.0);
        PISTOIA_STRAIN * self.reference_modulus / critical
    }
}

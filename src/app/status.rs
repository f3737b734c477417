//! The adapter, memory, the solver, and how long passes take.

use eframe::egui::{self, Ui};

use crate::gpu::Gpu;
use crate::measure::{Quantity, WHOLE_BODY};

use super::MechanostatApp;

impl MechanostatApp {
    pub(super) fn status(&mut self, ui: &mut Ui) {
        ui.vertical(|ui| {
            ui.label(self.gpu.adapter_name());
            if self.gpu.can_time() {
                let word = ui
                    .toggle_value(&mut self.timing, "Timing")
                    .on_hover_text("how long each pass takes, by the adapter's own clock");
                if word.changed() {
                    self.gpu.time_passes(self.timing);
                }
            }
            let Some(session) = &self.session else { return };
            let simulation = session.simulation();
            ui.label(format!(
                "step {:.0} ms",
                session.step_time.as_secs_f64() * 1e3
            ));
            let worst = simulation
                .outcomes()
                .iter()
                .map(|o| o.true_residual)
                .fold(0.0, f64::max);
            ui.label(format!("true residual {worst:.0e}"));
            let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
            let [on_adapter, days] = session.driver.bytes();
            ui.label(format!("{:.0} MiB on the adapter", mib(on_adapter)))
                .on_hover_text(format!(
                    "bodies, and moments that the run can go back to; {:.1} MiB of days on the host",
                    mib(days)
                ));
            let size = session.setup().size;
            let why = if self.gpu.info().device_type == wgpu::DeviceType::Cpu {
                "a software adapter draws, so pictures that move have half the pixels, and 48 voxels are usual"
            } else {
                "64 voxels are usual on this adapter"
            };
            ui.label(format!(
                "{size} voxels along the longest side, {:.2} mm each",
                simulation.anatomy().spacing
            ))
            .on_hover_text(format!("{why}; --size chooses others"));
            let score = |quantity: Quantity| {
                session.run().courses().last(WHOLE_BODY, quantity)
            };
            if let (Some(bone), Some(muscle), Some(both)) = (
                score(Quantity::BoneFragility),
                score(Quantity::MuscleWeakness),
                score(Quantity::Osteosarcopenia),
            ) {
                    ui.label(format!(
                    "osteosarcopenia {both:.2} (bone fragility {bone:.2}, muscle weakness {muscle:.2})"
                ))
                .on_hover_text("each part is 1 at 2.5 standard deviations below young adults; the score is the smaller");
            }
        });
        if self.timing {
            pass_times(ui, &self.gpu);
        }
    }
}

/// How long passes took since timing was switched on.
fn pass_times(ui: &mut Ui, gpu: &Gpu) {
    let times = gpu.pass_times();
    if times.is_empty() {
        ui.label("nothing has run yet; press Play");
        return;
    }
    egui::Grid::new("pass times").striped(true).show(ui, |ui| {
        for title in ["pass", "times", "ms each"] {
            ui.strong(title);
        }
        ui.end_row();
        for time in times {
            ui.label(&time.label);
            ui.label(time.passes.to_string());
            let each = 1e3 * time.seconds / time.passes.max(1) as f64;
            ui.label(format!("{each:.3}"));
            ui.end_row();
        }
    });
}

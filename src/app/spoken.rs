//! What a screen reader is told of, politely: the headline, when it has changed, and what was told
//! last; at most once a second.

use std::time::{Duration, Instant};

use eframe::egui::{self, Ui};

use super::MechanostatApp;

/// Between two announcements, at least.
const PAUSE: Duration = Duration::from_secs(1);

/// What was said last, and when.
#[derive(Debug, Default)]
pub(super) struct Spoken {
    text: String,
    since: Option<Instant>,
    /// Announcements so far, for tests.
    count: u32,
}

impl MechanostatApp {
    /// A place without size whose words are announced when they change.
    pub(super) fn speak(&mut self, ui: &mut Ui) {
        let sentence = self.session.as_ref().map(super::Session::sentence);
        let mut text = sentence.unwrap_or_default();
        for more in [self.told.as_str(), self.trouble.as_deref().unwrap_or("")] {
            if !more.is_empty() {
                text = format!("{text}. {more}");
            }
        }
        let spoken = &mut self.spoken;
        if text != spoken.text {
            let waited = spoken.since.is_none_or(|s| s.elapsed() >= PAUSE);
            if waited {
                spoken.text = text;
                spoken.since = Some(Instant::now());
                spoken.count += 1;
            } else {
                // What is said in the end is how things stand.
                ui.ctx().request_repaint_after(PAUSE);
            }
        }
        let id = ui.scope_id().with("announcement");
        let place = egui::Rect::from_min_size(ui.max_rect().min, egui::Vec2::splat(1.0));
        let response = ui.interact(place, id, egui::Sense::hover());
        let text = spoken.text.clone();
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Status, true, &text));
        ui.ctx().accesskit_node_builder(id, |node| {
            node.set_live(egui::accesskit::Live::Polite);
        });
    }

    /// What was announced last, and how often anything was, for tests.
    pub fn announced(&self) -> (&str, u32) {
        (&self.spoken.text, self.spoken.count)
    }
}

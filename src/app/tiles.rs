//! The tiles of *Explore*: all that the window has, arranged as the user likes it.

use eframe::egui::{self, Ui, WidgetText};
use egui_tiles::{Behavior, Container, Linear, LinearDir, Tile, TileId, Tiles, Tree, UiResponse};
use serde::{Deserialize, Serialize};

use super::MechanostatApp;

/// What a tile shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Pane {
    /// Scene, person, conditions, links.
    Mission,
    /// Look, field, range, cut, muscles.
    Picture,
    Tissue,
    Curves,
    Slices,
    Radiograph,
    /// Places that are pinned.
    Pins,
    /// From gravity to density, with links to cut.
    Causes,
    /// Every region's quantities.
    Regions,
    /// What was done.
    Log,
    /// The adapter, memory, how long passes take.
    Adapter,
}

impl Pane {
    const ALL: [Self; 11] = [
        Self::Mission,
        Self::Picture,
        Self::Tissue,
        Self::Curves,
        Self::Slices,
        Self::Radiograph,
        Self::Pins,
        Self::Causes,
        Self::Regions,
        Self::Log,
        Self::Adapter,
    ];

    fn title(self) -> &'static str {
        match self {
            Self::Mission => "What acts",
            Self::Picture => "Picture",
            Self::Tissue => "Tissue",
            Self::Curves => "Curves",
            Self::Slices => "Slices",
            Self::Radiograph => "Radiograph",
            Self::Pins => "Pins",
            Self::Causes => "Causes",
            Self::Regions => "Regions",
            Self::Log => "What was done",
            Self::Adapter => "Adapter",
        }
    }
}

/// Those that are tabs of one tile before anybody moved anything.
const TABS: [Pane; 7] = [
    Pane::Regions,
    Pane::Pins,
    Pane::Causes,
    Pane::Slices,
    Pane::Radiograph,
    Pane::Log,
    Pane::Adapter,
];

/// As it is before anybody moved anything.
pub(super) fn usual() -> Tree<Pane> {
    let mut tiles = Tiles::default();
    let mut pane = |pane| tiles.insert_pane(pane);
    let controls = [pane(Pane::Mission), pane(Pane::Picture)];
    let tissue = pane(Pane::Tissue);
    let curves = pane(Pane::Curves);
    let beside = TABS.map(&mut pane);
    let left = tiles.insert_vertical_tile(controls.to_vec());
    let tabs = tiles.insert_tab_tile(beside.to_vec());
    let mut share = |dir, parts: [(TileId, f32); 2]| {
        let mut linear = Linear::new(dir, parts.iter().map(|(id, _)| *id).collect());
        for (id, part) in parts {
            linear.shares.set_share(id, part);
        }
        tiles.insert_new(Tile::Container(Container::Linear(linear)))
    };
    let right = share(LinearDir::Vertical, [(curves, 1.5), (tabs, 1.0)]);
    let rest = share(LinearDir::Horizontal, [(tissue, 1.6), (right, 1.0)]);
    let root = share(LinearDir::Horizontal, [(left, 1.0), (rest, 4.2)]);
    Tree::new(egui::Id::unique("tiles of explore"), root, tiles)
}

/// As it was written; as usual where that cannot be read, or lacks a tile.
pub(super) fn read(text: Option<&str>) -> Tree<Pane> {
    let tree: Option<Tree<Pane>> = text.and_then(|text| match serde_json::from_str(text) {
        Ok(tree) => Some(tree),
        Err(error) => {
            log::warn!("the layout cannot be read: {error}");
            None
        }
    });
    let has_all = |tree: &Tree<Pane>| {
        tree.root().is_some()
            && Pane::ALL
                .iter()
                .all(|pane| tree.tiles.find_pane(pane).is_some())
    };
    tree.filter(has_all).unwrap_or_else(usual)
}

pub(super) fn written(tree: &Tree<Pane>) -> Option<String> {
    serde_json::to_string(tree).ok()
}

/// Shows the panes of one window.
struct Shown<'a>(&'a mut MechanostatApp);

impl Behavior<Pane> for Shown<'_> {
    fn pane_ui(&mut self, ui: &mut Ui, _tile: TileId, pane: &mut Pane) -> UiResponse {
        let app = &mut *self.0;
        let scrolled = |ui: &mut Ui, name: &str, add: &mut dyn FnMut(&mut Ui)| {
            egui::ScrollArea::vertical()
                .id_salt(name)
                .auto_shrink(false)
                .show(ui, |ui| add(ui));
        };
        let mut response = UiResponse::None;
        egui::Frame::new().inner_margin(4.0).show(ui, |ui| {
            // Tabs have their titles above; single tiles are named, and dragged, here.
            let alone = !TABS.contains(pane);
            if alone {
                let title = egui::RichText::new(pane.title()).small().weak();
                let title = egui::Label::new(title).sense(egui::Sense::drag());
                let title = ui.add(title).on_hover_cursor(egui::CursorIcon::Grab);
                if title.drag_started() {
                    response = UiResponse::DragStarted;
                }
            }
            match pane {
                Pane::Mission => scrolled(ui, "mission", &mut |ui| app.controls(ui)),
                Pane::Picture => scrolled(ui, "picture", &mut |ui| {
                    ui.horizontal_wrapped(|ui| app.looks(ui));
                    app.picture_controls(ui);
                }),
                Pane::Tissue => app.tissue(ui),
                Pane::Curves => scrolled(ui, "curves", &mut |ui| app.curves(ui)),
                Pane::Slices => app.slices(ui),
                Pane::Radiograph => app.radiograph(ui),
                Pane::Pins => scrolled(ui, "pins", &mut |ui| app.pinned(ui)),
                Pane::Causes => scrolled(ui, "causes", &mut |ui| app.causes(ui)),
                Pane::Regions => app.regions(ui),
                Pane::Log => scrolled(ui, "log", &mut |ui| app.log(ui)),
                Pane::Adapter => scrolled(ui, "adapter", &mut |ui| app.status(ui)),
            }
        });
        response
    }

    fn tab_title_for_pane(&mut self, pane: &Pane) -> WidgetText {
        pane.title().into()
    }

    fn simplification_options(&self) -> egui_tiles::SimplificationOptions {
        egui_tiles::SimplificationOptions {
            // Single tiles name themselves.
            all_panes_must_have_tabs: false,
            ..Default::default()
        }
    }
}

impl MechanostatApp {
    /// All tiles.
    pub(super) fn tiles(&mut self, ui: &mut Ui) {
        let Some(mut tree) = self.tiles.take() else {
            return;
        };
        tree.ui(&mut Shown(self), ui);
        self.tiles = Some(tree);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layout_comes_back_as_it_was_and_a_damaged_one_as_usual() {
        let tree = usual();
        let text = written(&tree).unwrap_or_default();
        assert_eq!(read(Some(&text)), tree);
        assert_eq!(read(None), tree);
        assert_eq!(read(Some("{}")), tree);
        // A tile that is missing could never be had again.
        let mut poor = usual();
        let log = poor.tiles.find_pane(&Pane::Log);
        let removed = log.map(|id| poor.remove_recursively(id).len());
        assert_eq!(removed, Some(1));
        let text = written(&poor).unwrap_or_default();
        assert_eq!(read(Some(&text)), tree);
    }
}

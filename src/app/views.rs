//! Pictures of the runs: drawn at once when anything changes, made finer while nothing does.

use eframe::egui;
use eframe::egui_wgpu::RenderState;

use crate::gpu::GpuError;
use crate::study::{Remembered, Which};
use crate::view::{Colormap, FieldKind, Picture, RayMarch, STILL_SAMPLES, round_range};

use super::Session;

/// How two states are shown beside each other. The same camera, range and cut for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compare {
    /// One alone.
    #[default]
    Single,
    /// The run on the left, the other on the right.
    Side,
    /// One picture, the run to the left of a line and the other to its right.
    Wipe,
    /// The run less the other.
    Difference,
    /// Each for a while, in turns.
    Blink,
}

impl Compare {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Single,
        Self::Side,
        Self::Wipe,
        Self::Difference,
        Self::Blink,
    ];

    /// Name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Single => "one alone",
            Self::Side => "side by side",
            Self::Wipe => "wipe",
            Self::Difference => "difference",
            Self::Blink => "blink",
        }
    }
}

/// What a picture was drawn of.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Drawn {
    picture: Picture,
    generation: u64,
    past: Option<f64>,
    difference: bool,
}

/// A picture of one run.
#[derive(Debug)]
pub(super) struct View {
    march: RayMarch,
    /// Of which body it is: which run, and how many twins there had been.
    of: (Which, u32),
    drawn: Option<Drawn>,
    /// Samples gathered; none while fewer pixels are drawn than asked for, because it moves.
    samples: Option<u32>,
    /// Whether another's field is taken off this one's.
    refers: bool,
    /// Pictures drawn so far, finer ones of the same left out.
    pictures: u64,
    /// Whether it was drawn in this frame.
    is_shown: bool,
    remembered: Option<Remembered>,
    /// Whether the field was kept of the day that is shown.
    known: bool,
    texture: Option<(egui::TextureId, [u32; 2])>,
}

/// A software adapter draws half the pixels of what moves: a fluent picture is worth more than a
/// sharp one.
const COARSE: u32 = 2;

impl View {
    fn new(session: &Session, which: Which) -> Result<Self, GpuError> {
        let run = session.driver.of(which);
        Ok(Self {
            march: RayMarch::new(run.simulation().body())?,
            of: (which, session.driver.body_of(which)),
            drawn: None,
            samples: None,
            refers: false,
            pictures: 0,
            is_shown: false,
            remembered: None,
            known: true,
            texture: None,
        })
    }

    /// Draws `picture` of a run if anything in it has changed, and makes it finer if nothing has.
    /// Returns whether there are new pixels.
    fn draw(
        &mut self,
        session: &Session,
        picture: &Picture,
        other: Option<&mut Self>,
    ) -> Result<bool, GpuError> {
        self.is_shown = true;
        let simulation = session.driver.of(self.of.0).simulation();
        let gpu = simulation.gpu().clone();
        let wanted = Drawn {
            picture: *picture,
            generation: session.generation(),
            past: session.past(),
            difference: other.is_some(),
        };
        let software = gpu.info().device_type == wgpu::DeviceType::Cpu;
        if self.drawn == Some(wanted) {
            if session.is_busy() || self.samples >= Some(STILL_SAMPLES) {
                return Ok(false);
            }
            if self.samples.is_none() {
                self.samples = Some(0);
                self.render(session, picture, false)?;
            } else {
                self.samples = Some(self.march.gather(&gpu)?);
            }
            return Ok(true);
        }
        let same_body = self.drawn.is_some_and(|d| {
            (d.generation, d.past, d.difference) == (wanted.generation, wanted.past, false)
                && !wanted.difference
        });
        if let Some(other) = other {
            other.show(session, picture);
            self.march.refer(&gpu, Some(&other.march));
            self.refers = true;
        } else if self.refers {
            self.march.refer(&gpu, None);
            self.refers = false;
        }
        self.samples = if software { None } else { Some(0) };
        let mut first = *picture;
        if software {
            first.size = first.size.map(|n| (n / COARSE).max(1));
        }
        self.render(session, &first, !same_body)?;
        self.drawn = Some(wanted);
        self.pictures += 1;
        Ok(true)
    }

    /// Spreads the field of this run, to be taken off another's.
    fn show(&mut self, session: &Session, picture: &Picture) {
        let simulation = session.driver.of(self.of.0).simulation();
        let gpu = simulation.gpu().clone();
        self.remember(session);
        let mineral = simulation.model().physiology.tissue_mineral;
        match &self.remembered {
            Some(day) => self
                .march
                .show_past(&gpu, picture.field, &day.past(mineral)),
            None => self.march.show(&gpu, picture.field),
        }
        self.drawn = None;
    }

    fn render(
        &mut self,
        session: &Session,
        picture: &Picture,
        is_new: bool,
    ) -> Result<(), GpuError> {
        let simulation = session.driver.of(self.of.0).simulation();
        let gpu = simulation.gpu().clone();
        self.remember(session);
        if let Some(day) = &self.remembered {
            let mineral = simulation.model().physiology.tissue_mineral;
            self.known = self.march.draw_past(&gpu, picture, &day.past(mineral))?;
        } else {
            self.known = true;
            if is_new {
                self.march.draw(&gpu, picture)?;
            } else {
                self.march.turn(&gpu, picture)?;
            }
        }
        Ok(())
    }

    /// What was kept of the day that is shown.
    fn remember(&mut self, session: &Session) {
        let Some(day) = session.past() else {
            self.remembered = None;
            return;
        };
        let run = session.driver.of(self.of.0);
        let kept = self.remembered.as_ref().map(Remembered::day);
        if kept.is_none() || kept != Remembered::kept(run, day) {
            self.remembered = Remembered::of(run, day);
        }
    }

    /// The picture as egui knows it.
    fn texture(&mut self, render: &RenderState, is_new: bool) -> Option<egui::TextureId> {
        let image = self.march.image()?;
        let size = [image.width(), image.height()];
        if let (Some((id, _)), false) = (self.texture, is_new) {
            return Some(id);
        }
        let view = image.create_view(&wgpu::TextureViewDescriptor::default());
        let mut renderer = render.renderer.write();
        if let Some((id, _)) = self.texture {
            renderer.update_egui_texture_from_wgpu_texture(
                &render.device,
                &view,
                wgpu::FilterMode::Linear,
                id,
            );
            self.texture = Some((id, size));
        } else {
            let filter = wgpu::FilterMode::Linear;
            let id = renderer.register_native_texture(&render.device, &view, filter);
            self.texture = Some((id, size));
        }
        self.texture.map(|(id, _)| id)
    }
}

/// The pictures of the run and of its twin.
#[derive(Debug, Default)]
pub(super) struct Views {
    first: Option<View>,
    twin: Option<View>,
    /// How they are shown.
    pub(super) compare: Compare,
    /// Where one picture ends and the other begins, 0 left to 1 right.
    pub(super) wipe: f32,
}

impl Views {
    pub(super) fn new() -> Self {
        Self {
            wipe: 0.5,
            ..Self::default()
        }
    }

    /// Begins a frame: nothing is shown yet.
    pub(super) fn begin(&mut self, session: &Session, render: &RenderState) {
        if !session.driver.has_twin()
            && let Some((id, _)) = self.twin.take().and_then(|v| v.texture)
        {
            render.renderer.write().free_texture(&id);
        }
        for view in [&mut self.first, &mut self.twin].into_iter().flatten() {
            view.is_shown = false;
            // The same day may be another after a change.
            if session.past().is_none() {
                view.remembered = None;
            }
        }
    }

    /// Another body: what was drawn is of none that there is.
    pub(super) fn clear(&mut self, render: &RenderState) {
        for view in [self.first.take(), self.twin.take()].into_iter().flatten() {
            if let Some((id, _)) = view.texture {
                render.renderer.write().free_texture(&id);
            }
        }
    }

    fn slot(&mut self, which: Which) -> &mut Option<View> {
        match which {
            Which::First => &mut self.first,
            Which::Twin => &mut self.twin,
        }
    }

    fn made<'a>(
        slot: &'a mut Option<View>,
        session: &Session,
        which: Which,
    ) -> Result<&'a mut View, GpuError> {
        let of = (which, session.driver.body_of(which));
        let fits = |v: &View| v.of == of;
        if !slot.as_ref().is_some_and(fits) {
            let texture = slot.take().and_then(|v| v.texture);
            let mut made = View::new(session, which)?;
            made.texture = texture;
            *slot = Some(made);
        }
        slot.as_mut().ok_or_else(|| GpuError::Readback {
            detail: "no picture".to_owned(),
        })
    }

    /// Draws a run, and returns its picture.
    /// # Errors
    /// As [`RayMarch::draw`].
    pub(super) fn draw(
        &mut self,
        session: &Session,
        which: Which,
        picture: &Picture,
        render: &RenderState,
    ) -> Result<Option<egui::TextureId>, GpuError> {
        let view = Self::made(self.slot(which), session, which)?;
        let is_new = view.draw(session, picture, None)?;
        Ok(view.texture(render, is_new))
    }

    /// Draws the run that is shown less the other.
    /// # Errors
    /// As [`RayMarch::draw`].
    pub(super) fn difference(
        &mut self,
        session: &Session,
        picture: &Picture,
        render: &RenderState,
    ) -> Result<Option<egui::TextureId>, GpuError> {
        Self::made(&mut self.first, session, Which::First)?;
        Self::made(&mut self.twin, session, Which::Twin)?;
        let (Some(first), Some(twin)) = (&mut self.first, &mut self.twin) else {
            return Ok(None);
        };
        let (own, other) = match session.shows() {
            Which::First => (first, twin),
            Which::Twin => (twin, first),
        };
        let is_new = own.draw(session, picture, Some(other))?;
        Ok(own.texture(render, is_new))
    }

    /// Pictures drawn so far, finer ones of the same left out.
    pub(super) fn drawn(&self) -> u64 {
        let views = [&self.first, &self.twin].into_iter().flatten();
        views.map(|v| v.pictures).sum()
    }

    /// Whether the picture of a run gets finer when it is drawn again.
    pub(super) fn is_gathering(&self, session: &Session) -> bool {
        let unfinished =
            |v: &View| v.is_shown && v.drawn.is_some() && v.samples < Some(STILL_SAMPLES);
        !session.is_busy()
            && [&self.first, &self.twin]
                .into_iter()
                .flatten()
                .any(unfinished)
    }

    /// Whether the field that is shown was kept of the day that is.
    pub(super) fn is_known(&self, which: Which) -> bool {
        let view = match which {
            Which::First => &self.first,
            Which::Twin => &self.twin,
        };
        view.as_ref().is_none_or(|v| v.known)
    }
}

/// Half the range of a difference, and of which generation, day and field.
pub(super) type Half = ((u64, u64, FieldKind), f32);

/// The picture of a difference: of bone's change over what the two runs differ by, of other fields
/// a quarter of their range to either side of none.
pub(super) fn of_difference(
    session: &Session,
    picture: &Picture,
    known: &mut Option<Half>,
) -> Picture {
    let (low, high) = picture.range();
    let of = (session.generation(), session.day().to_bits(), picture.field);
    let half = match known {
        Some((k, half)) if *k == of && picture.field == FieldKind::Change => *half,
        _ => {
            let day = |which| Remembered::of(session.driver.of(which), session.day());
            let days =
                (picture.field == FieldKind::Change).then(|| (day(Which::First), day(Which::Twin)));
            match days {
                Some((Some(first), Some(twin))) => round_range(first.bone_differences(&twin)),
                _ => round_range([(0.25 * (high - low), 1.0)]),
            }
        }
    };
    *known = Some((of, half));
    Picture {
        range: (-half, half),
        colormap: Colormap::Vik,
        contour: 0.0,
        ..*picture
    }
}

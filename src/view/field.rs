//! One chosen quantity on the lattice, for the eye and for files. Shader: `field.wgsl`.

use std::mem::offset_of;

use crate::gpu::{Dispatch, Gpu, GpuError, Readback, Shader, values, whole};
use crate::sim::shader::tissue_stage;
use crate::sim::state::{MuscleState, SiteState, TissueState};
use crate::tissue::{Anatomy, SiteKind};

use super::{Colormap, MuscleSet};

macro_rules! fields {
    ($($(#[$doc:meta])* $kind:ident: $title:literal, $key:literal, $unit:expr, $range:expr, $code:expr;)+) => {
        /// What can be shown on the lattice.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum FieldKind { $($(#[$doc])* $kind,)+ }

        impl FieldKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// Name for people.
            pub fn title(self) -> &'static str {
                match self { $(Self::$kind => $title,)+ }
            }

            /// Name in files.
            pub fn key(self) -> &'static str {
                match self { $(Self::$kind => $key,)+ }
            }

            /// Unit.
            pub fn unit(self) -> &'static str {
                match self { $(Self::$kind => $unit,)+ }
            }

            /// The range that a colour bar shows, in [`FieldKind::unit`].
            pub fn range(self) -> (f32, f32) {
                match self { $(Self::$kind => $range,)+ }
            }

            fn code(self) -> Code {
                match self { $(Self::$kind => $code,)+ }
            }
        }
    };
}

/// What values above a field's range look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Above {
    /// There are few, in the last colour.
    None,
    /// They are common, in the last colour.
    LastColour,
    /// They are bone's own colour, which stands for no number.
    Bone,
}

/// How `field.wgsl` is asked for a field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Code {
    Density,
    Mineral,
    Change,
    Energy,
    /// A member of the sites' state, by its byte offset.
    Bone(usize),
    Area,
    AreaChange,
    /// A member of the muscle's state, by its byte offset.
    Muscle(usize),
    /// A signal's level.
    Level(u32),
    Name,
    Fibre,
    Thickness,
}

impl Code {
    fn words(self) -> [u32; 4] {
        let (what, which) = match self {
            Self::Density => (0, 0),
            Self::Change | Self::AreaChange => (1, 0),
            Self::Energy => (2, 0),
            Self::Bone(offset) | Self::Muscle(offset) => (3, (offset / 4) as u32),
            Self::Area => (4, 0),
            Self::Level(which) => (5, which),
            Self::Name => (6, 0),
            Self::Fibre => (7, 0),
            Self::Thickness => (8, 0),
            Self::Mineral => (9, 0),
        };
        [what, which, 0, 0]
    }
}

const AT_REST: &str = "1 = at rest";

fields! {
    /// Bone mineral density.
    Density: "Bone mineral density", "bmd", "mg HA/cm³", (0.0, 600.0), Code::Density;
    /// Mineral a volume of the whole voxel, whatever else is in it.
    Mineral: "Mineral in the voxel", "mineral", "mg HA/cm³", (0.0, 1200.0), Code::Mineral;
    /// Change of bone mineral density since the start.
    Change: "Bone change since start", "bmd_change", "%", (-20.0, 20.0), Code::Change;
    /// Strain energy density of the hardest activity.
    StrainEnergy: "Strain energy density", "strain_energy_density", "kPa", (0.0, 4.0), Code::Energy;
    /// Osteocyte signal.
    Osteocytes: "Osteocyte signal", "osteocyte_signal", AT_REST, (0.0, 2.0), Code::Bone(offset_of!(SiteState, osteocyte));
    /// Sclerostin.
    Sclerostin: "Sclerostin", "sclerostin", AT_REST, (0.5, 1.5), Code::Bone(offset_of!(SiteState, sclerostin));
    /// RANKL over OPG.
    RanklOpg: "RANKL/OPG", "rankl_opg", AT_REST, (0.0, 3.0), Code::Bone(offset_of!(SiteState, rankl_opg));
    /// Osteoclasts.
    Osteoclasts: "Osteoclasts", "osteoclasts", AT_REST, (0.0, 3.0), Code::Bone(offset_of!(SiteState, osteoclasts));
    /// Osteoblasts.
    Osteoblasts: "Osteoblasts", "osteoblasts", AT_REST, (0.5, 1.5), Code::Bone(offset_of!(SiteState, osteoblasts));
    /// Marrow fat.
    MarrowFat: "Marrow fat", "marrow_fat", AT_REST, (0.8, 1.2), Code::Bone(offset_of!(SiteState, marrow_fat));
    /// MAPK activity of stem cells.
    Mapk: "MAPK of stem cells", "mapk", AT_REST, (0.5, 1.5), Code::Bone(offset_of!(SiteState, mapk));
    /// PPAR-γ of stem cells.
    PparGamma: "PPAR-γ of stem cells", "ppar_gamma", AT_REST, (0.5, 1.5), Code::Bone(offset_of!(SiteState, ppar_gamma));
    /// Order of the osteoblasts' actin.
    Cytoskeleton: "Cytoskeleton of osteoblasts", "cytoskeleton", AT_REST, (0.5, 1.5), Code::Bone(offset_of!(SiteState, cytoskeleton));
    /// Struts that were never lost.
    Connectivity: "Connected struts", "connectivity", AT_REST, (0.8, 1.0), Code::Bone(offset_of!(SiteState, connectivity));
    /// Muscle fibre area.
    MuscleArea: "Muscle fibre area", "muscle_area", "% of start", (70.0, 100.0), Code::Area;
    /// Change of muscle fibre area since the start.
    MuscleChange: "Muscle change since start", "muscle_change", "%", (-25.0, 25.0), Code::AreaChange;
    /// Number of the muscle in the scene's list, from 1.
    Muscle: "Muscles by name", "muscle", "number", (0.0, 255.0), Code::Name;
    /// Angle between fibres and z, the limb's axis.
    FibreAngle: "Fibres' angle to the limb's axis", "fibre_angle", "degrees", (0.0, 60.0), Code::Fibre;
    /// Change of muscle's thickness since the start.
    MuscleThickness: "Muscle thickness since start", "muscle_thickness", "%", (-12.0, 12.0), Code::Thickness;
    /// Area of type I fibres.
    Type1: "Type I fibres", "type1", AT_REST, (0.7, 1.0), Code::Muscle(offset_of!(MuscleState, type1));
    /// Area of type II fibres.
    Type2: "Type II fibres", "type2", AT_REST, (0.7, 1.0), Code::Muscle(offset_of!(MuscleState, type2));
    /// Neural drive.
    NeuralDrive: "Neural drive", "neural_drive", AT_REST, (0.8, 1.0), Code::Muscle(offset_of!(MuscleState, neural));
    /// Satellite cells.
    SatelliteCells: "Satellite cells", "satellite_cells", AT_REST, (0.5, 1.5), Code::Muscle(offset_of!(MuscleState, satellite_cells));
    /// Myotubes.
    Myotubes: "Myotubes", "myotubes", AT_REST, (0.5, 1.5), Code::Muscle(offset_of!(MuscleState, myotubes));
    /// BMP's signal in muscle.
    Smad158: "Smad 1/5/8 (BMP)", "smad158", AT_REST, (0.7, 1.3), Code::Muscle(offset_of!(MuscleState, smad158));
    /// Myostatin's signal in muscle.
    Smad23: "Smad 2/3 (myostatin)", "smad23", AT_REST, (0.7, 1.3), Code::Muscle(offset_of!(MuscleState, smad23));
    /// BMP-2 in muscle.
    Bmp2: "BMP-2 in muscle", "bmp2", AT_REST, (0.5, 1.5), Code::Level(0);
    /// BMP-4 in muscle.
    Bmp4: "BMP-4 in muscle", "bmp4", AT_REST, (0.5, 1.5), Code::Level(1);
    /// Myostatin in muscle.
    Myostatin: "Myostatin in muscle", "myostatin", AT_REST, (0.5, 1.5), Code::Level(2);
    /// Noggin and Chordin in muscle.
    NogginChordin: "Noggin and Chordin in muscle", "noggin_chordin", AT_REST, (0.5, 1.5), Code::Level(3);
}

impl FieldKind {
    /// What the adapter's values are multiplied by to be in [`FieldKind::unit`].
    pub fn scale(self) -> f32 {
        if self == Self::StrainEnergy {
            1000.0
        } else {
            1.0
        }
    }

    /// A value of the adapter in [`FieldKind::unit`]; NaN where there is none.
    pub(super) fn told(self, value: f32) -> f32 {
        if value <= NOTHING {
            f32::NAN
        } else {
            value * self.scale()
        }
    }

    /// What values above the range look like.
    pub fn above(self) -> Above {
        match self {
            // Cortex, in a range that is made for trabecular bone.
            Self::Density => Above::Bone,
            Self::MuscleArea => Above::None,
            _ if self.diverging() => Above::None,
            _ => Above::LastColour,
        }
    }

    /// Whether it lives in muscle rather than bone.
    pub fn in_muscle(self) -> bool {
        matches!(
            self.code(),
            Code::Area
                | Code::AreaChange
                | Code::Muscle(_)
                | Code::Level(_)
                | Code::Name
                | Code::Fibre
                | Code::Thickness
        )
    }

    /// Whether it is a change, to be shown around zero.
    pub fn diverging(self) -> bool {
        matches!(
            self,
            Self::Change | Self::MuscleChange | Self::MuscleThickness
        )
    }

    /// Whether its values are numbers of things, between which there is nothing.
    pub fn is_named(self) -> bool {
        self == Self::Muscle
    }

    /// The colours that it is usually shown in.
    pub fn colormap(self) -> Colormap {
        if self.is_named() {
            Colormap::Names
        } else if self.diverging() {
            Colormap::Vik
        } else {
            Colormap::Batlow
        }
    }
}

/// A day that is remembered.
#[derive(Debug, Clone, Copy)]
pub struct Past<'a> {
    /// Bone volume fraction by site.
    pub bvtv: &'a [f32],
    /// The same at the start.
    pub start: &'a [f32],
    /// Osteoclasts by site, 1 at rest.
    pub osteoclasts: &'a [f32],
    /// Osteoblasts by site, 1 at rest.
    pub osteoblasts: &'a [f32],
    /// Strain energy over the whole voxel by voxel of bone, MPa.
    pub energy: &'a [f32],
    /// Area of the fibres by voxel of muscle, 1 at the start.
    pub area: &'a [f32],
    /// Water and blood by voxel of muscle, 1 at the start.
    pub fluid: &'a [f32],
    /// Mineral of bone without pores, mg HA/cm³.
    pub tissue_mineral: f32,
}

/// One view's field: a chosen quantity of a body, and what the ray march needs beside it.
#[derive(Debug)]
pub struct Field {
    bone: Dispatch,
    muscle: Dispatch,
    choice: wgpu::Buffer,
    values: wgpu::Buffer,
    /// Before anything is shown: what no voxel of the lists is has no value, or none of another
    /// day.
    blank: wgpu::Buffer,
    envelope: wgpu::Buffer,
    voxels: usize,
    /// The muscles that are shown.
    shown: MuscleSet,
}

impl Field {
    /// Of a body's `state`.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn new(gpu: &Gpu, state: &TissueState, anatomy: &Anatomy) -> Result<Self, GpuError> {
        let module = Shader::new(gpu, "field", &shader())?;
        let choice = gpu.uniform("field choice", &[0u32; 4])?;
        let mut values = vec![0.0; anatomy.len()];
        for (voxel, _) in beside(anatomy) {
            values[voxel] = NOTHING;
        }
        let blank = gpu.storage_from("blank field", &values)?;
        let values = gpu.storage_from("field", &values)?;
        let envelope = gpu.storage_from("field envelope", &envelope(anatomy, MuscleSet::ALL))?;
        let counts = &state.counts;
        Ok(Self {
            bone: Dispatch::new(
                gpu,
                &module.kernel(gpu, "bone_field")?,
                counts.bone_voxels as u32,
                &[
                    (0, whole(&state.physiology)),
                    (1, whole(&state.environment)),
                    (2, whole(&choice)),
                    (3, whole(&state.bone_voxels)),
                    (4, whole(&state.sites)),
                    (5, whole(&state.bone)),
                    (6, whole(&state.homeostasis)),
                    (7, whole(&state.energy)),
                    (8, whole(&values)),
                    (12, whole(&envelope)),
                ],
            )?,
            muscle: Dispatch::new(
                gpu,
                &module.kernel(gpu, "muscle_field")?,
                counts.muscle_voxels as u32,
                &[
                    (1, whole(&state.environment)),
                    (2, whole(&choice)),
                    (8, whole(&values)),
                    (9, whole(&state.muscle_voxels)),
                    (10, whole(&state.muscle)),
                    (11, whole(&state.level)),
                ],
            )?,
            choice,
            values,
            envelope,
            blank,
            voxels: anatomy.len(),
            shown: MuscleSet::ALL,
        })
    }

    /// Spreads `kind`, as it is now, to the lattice.
    pub fn show(&self, gpu: &Gpu, kind: FieldKind) {
        // The choice travels through the queue: one submission a choice.
        gpu.write(&self.choice, &kind.code().words());
        let mut encoder = gpu.encoder("field");
        // Of a voxel that a muscle shares with that bone, the muscle's value was shown last.
        let (blank, bytes) = (&self.blank, self.blank.size());
        encoder.copy_buffer_to_buffer(blank, 0, &self.values, 0, Some(bytes));
        let spread = if kind.in_muscle() {
            &self.muscle
        } else {
            &self.bone
        };
        gpu.pass(&mut encoder, "field", |pass| spread.run(pass));
        gpu.submit(encoder);
    }

    /// Spreads `kind` as it was on a day that is remembered; false where that was not kept, and
    /// nothing is shown.
    pub fn show_past(
        &self,
        gpu: &Gpu,
        anatomy: &Anatomy,
        kind: FieldKind,
        past: &Past<'_>,
    ) -> bool {
        let mut values = vec![NOTHING; anatomy.len()];
        let mut known = true;
        let mut first = 0;
        let osteoclasts = Code::Bone(offset_of!(SiteState, osteoclasts));
        let osteoblasts = Code::Bone(offset_of!(SiteState, osteoblasts));
        for (place, plan) in anatomy.bone.iter().enumerate() {
            let own = first..first + plan.sites.len();
            first = own.end;
            let sum = |bvtv: &[f32]| -> f32 {
                let shares = plan.sites.iter().map(|s| s.fraction as f32);
                shares.zip(&bvtv[own.clone()]).map(|(f, b)| f * b).sum()
            };
            let volume: f32 = plan.sites.iter().map(|s| s.fraction as f32).sum();
            if volume <= 0.0 {
                continue;
            }
            let (now, before) = (sum(past.bvtv), sum(past.start));
            let mineral = past.tissue_mineral;
            values[anatomy.voxel(plan.at)] = match kind.code() {
                Code::Density => mineral * now / volume,
                Code::Mineral => mineral * now,
                // Where there was next to no bone a change has no meaning.
                Code::Change if before <= 0.02 * volume => 0.0,
                Code::Change => 100.0 * (now / before - 1.0),
                Code::Energy => past.energy[place] / volume,
                code if code == osteoclasts => sum(past.osteoclasts) / volume,
                code if code == osteoblasts => sum(past.osteoblasts) / volume,
                _ => NOTHING,
            };
        }
        let code = kind.code();
        if !matches!(
            code,
            Code::Density | Code::Mineral | Code::Change | Code::Energy
        ) && code != osteoclasts
            && code != osteoblasts
        {
            known = false;
        }
        if kind.in_muscle() {
            values.fill(NOTHING);
            for ((plan, area), fluid) in anatomy.muscle.iter().zip(past.area).zip(past.fluid) {
                values[anatomy.voxel(plan.at)] = match kind.code() {
                    Code::Area => 100.0 * area,
                    Code::AreaChange => 100.0 * (area - 1.0),
                    Code::Thickness => 100.0 * ((area * fluid).max(0.0).sqrt() - 1.0),
                    Code::Name => (plan.muscle + 1) as f32,
                    Code::Fibre => plan.fibre[2].abs().min(1.0).acos().to_degrees(),
                    _ => NOTHING,
                };
            }
            known = matches!(
                kind.code(),
                Code::Area | Code::AreaChange | Code::Thickness | Code::Name | Code::Fibre
            );
        }
        gpu.write(&self.values, &values);
        // Single struts are drawn as far as they were bone.
        let is_strut =
            |p: &crate::tissue::BonePlan| p.sites.iter().any(|s| s.kind == SiteKind::Strut);
        if anatomy.bone.iter().any(is_strut) {
            let mut shares = envelope(anatomy, self.shown);
            let mut site = 0;
            for plan in &anatomy.bone {
                if is_strut(plan) {
                    let share = (255.0 * past.bvtv[site].clamp(0.0, 1.0)).round() as u32;
                    let voxel = anatomy.voxel(plan.at);
                    shares[voxel] = shares[voxel] & 0xffff_ff00 | share;
                }
                site += plan.sites.len();
            }
            gpu.write(&self.envelope, &shares);
        }
        known
    }

    /// Shows these muscles only.
    pub fn choose(&mut self, gpu: &Gpu, anatomy: &Anatomy, shown: MuscleSet) {
        if shown != self.shown {
            self.shown = shown;
            gpu.write(&self.envelope, &envelope(anatomy, shown));
        }
    }

    /// The quantity shown last, by lattice voxel (f32), x fastest.
    pub fn values(&self) -> &wgpu::Buffer {
        &self.values
    }

    /// By lattice voxel, 8 bits each: bone's and muscle's share.
    pub fn envelope(&self) -> &wgpu::Buffer {
        &self.envelope
    }

    /// Schedules the way back of the quantity shown last, with the envelope; [`Field::numbers`]
    /// unpacks them.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn read(&self, gpu: &Gpu) -> Result<Readback, GpuError> {
        let bytes = 4 * self.voxels as u64;
        let mut encoder = gpu.encoder("field readback");
        let ranges = [(&self.values, 0, bytes), (&self.envelope, 0, bytes)];
        let readback = Readback::record(gpu, &mut encoder, &ranges)?;
        gpu.submit(encoder);
        Ok(readback)
    }

    /// The field in [`FieldKind::unit`], by lattice voxel, NaN where its tissue is not, from what
    /// [`Field::read`] brought.
    pub fn numbers(kind: FieldKind, parts: &[Vec<u8>]) -> Vec<f32> {
        let [field, envelope] = parts else {
            return Vec::new();
        };
        let shift = if kind.in_muscle() { 8 } else { 0 };
        values::<f32>(field)
            .into_iter()
            .zip(values::<u32>(envelope))
            .map(|(value, envelope)| {
                if (envelope >> shift) as u8 == 0 {
                    f32::NAN
                } else {
                    kind.told(value)
                }
            })
            .collect()
    }
}

/// The shader's source, with what it shares with the stages of the ring.
pub fn shader() -> String {
    let members = SiteState::LAYOUT.len();
    let body = include_str!("../../shaders/view/field.wgsl");
    tissue_stage(&format!("const SITE_MEMBERS: u32 = {members}u;\n{body}"))
}

/// Value of what is drawn without a value of its own. Keep in step with `shape.wgsl`.
const NOTHING: f32 = -1e30;

/// Voxels of a bone beside the scene's that hold none of its own bone, with their share.
pub(super) fn beside(anatomy: &Anatomy) -> Vec<(usize, f64)> {
    // Cartilage between the two hides neither.
    let own = anatomy.bone.iter().filter(|b| !b.sites.is_empty());
    let own: std::collections::BTreeSet<usize> = own.map(|b| anatomy.voxel(b.at)).collect();
    let voxels = anatomy.beside.iter().flat_map(|(_, voxels)| voxels);
    let alone = voxels.filter(|(voxel, _)| !own.contains(voxel));
    alone.copied().collect()
}

/// By lattice voxel, 8 bits each: bone's and muscle's share, of the muscles that are shown.
fn envelope(anatomy: &Anatomy, shown: MuscleSet) -> Vec<u32> {
    let mut envelope = vec![0u32; anatomy.len()];
    let byte = |share: f64| (255.0 * share).round() as u32;
    for plan in &anatomy.bone {
        envelope[anatomy.voxel(plan.at)] |= byte(plan.envelope);
    }
    for (voxel, share) in beside(anatomy) {
        envelope[voxel] |= byte(share);
    }
    for plan in anatomy.muscle.iter().filter(|p| shown.has(p.muscle)) {
        envelope[anatomy.voxel(plan.at)] |= byte(plan.fraction) << 8;
    }
    envelope
}

#[cfg(test)]
mod tests {
    use super::beside;
    use crate::tissue::Anatomy;

    #[test]
    fn the_socket_is_drawn_behind_the_heads_cartilage() {
        let anatomy = Anatomy::build("hip", 48).unwrap();
        let drawn = beside(&anatomy);
        let cartilage = anatomy.bone.iter().filter(|b| b.sites.is_empty());
        let cartilage: Vec<usize> = cartilage.map(|b| anatomy.voxel(b.at)).collect();
        let (_, all) = anatomy.beside.as_ref().unwrap();
        let both: Vec<_> = all.iter().filter(|(v, _)| cartilage.contains(v)).collect();
        assert!(both.len() > 20, "{}", both.len());
        assert!(both.iter().all(|v| drawn.contains(v)));
    }
}

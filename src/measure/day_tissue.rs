//! What is kept of a day: density, cells and strain of bone, fibre area and water of muscle, packed
//! for the host. Shader: `day_tissue.wgsl`.

use half::f16;

use crate::gpu::{Dispatch, Gpu, GpuError, Readback, Shader, values, whole};
use crate::sim::shader::tissue_stage;
use crate::sim::{Body, Simulation};

/// Largest relative fibre area that is kept; 1 is that at 1 g.
const MOST_AREA: f64 = 2.0;

/// The shader's source.
pub fn day_tissue_shader() -> String {
    let body = include_str!("../../shaders/measure/day_tissue.wgsl");
    tissue_stage(&format!("const MOST_AREA: f32 = {MOST_AREA:?};\n{body}"))
}

/// How many of each there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Counts {
    sites: usize,
    bone_voxels: usize,
    muscle_voxels: usize,
}

impl Counts {
    /// Where each kind of value begins, and where all end: sites' density, osteoclasts,
    /// osteoblasts, bone voxels' strain energy, muscle voxels' area, water. Each kind begins on a
    /// whole word.
    fn starts(self) -> [usize; 7] {
        let [s, b, m] =
            [self.sites, self.bone_voxels, self.muscle_voxels].map(|n| n.next_multiple_of(2));
        let mut at = [0; 7];
        for (k, count) in [s, s, s, b, m, m].into_iter().enumerate() {
            at[k + 1] = at[k] + count;
        }
        at
    }
}

/// Bone and muscle of one day, 16 bits a value.
#[derive(Debug, Clone, PartialEq)]
pub struct DayTissue {
    day: f64,
    values: Vec<u16>,
    counts: Counts,
}

impl DayTissue {
    /// Which day.
    pub fn day(&self) -> f64 {
        self.day
    }

    fn raw(&self, kind: usize, index: usize, count: usize) -> Option<u16> {
        let at = self.counts.starts()[kind] + index;
        (index < count)
            .then(|| self.values.get(at).copied())
            .flatten()
    }

    /// Bone volume fraction of a site, to 1/65535; none where there is no such site.
    pub fn bvtv(&self, site: usize) -> Option<f64> {
        self.raw(0, site, self.counts.sites).map(share)
    }

    /// Osteoclasts of a site, 1 at rest, to 1/2048 of themselves.
    pub fn osteoclasts(&self, site: usize) -> Option<f64> {
        self.raw(1, site, self.counts.sites).map(float)
    }

    /// Osteoblasts of a site, 1 at rest, to 1/2048 of themselves.
    pub fn osteoblasts(&self, site: usize) -> Option<f64> {
        self.raw(2, site, self.counts.sites).map(float)
    }

    /// Strain energy of a bone voxel (in the scene's list) over its volume, MPa, to 1/2048 of
    /// itself.
    pub fn energy(&self, voxel: usize) -> Option<f64> {
        // Kept in kPa: in MPa it would be below what 16 bits tell from nothing.
        let value = self.raw(3, voxel, self.counts.bone_voxels).map(float);
        value.map(|kpa| 1e-3 * kpa)
    }

    /// Area of the fibres in a muscle voxel, relative to 1 g, to 2/65535; none where there is no
    /// such voxel.
    pub fn fibre_area(&self, voxel: usize) -> Option<f64> {
        let value = self.raw(4, voxel, self.counts.muscle_voxels);
        value.map(|value| MOST_AREA * share(value))
    }

    /// Water and blood in a muscle voxel, 1 at 1 g, to 1/2048 of itself.
    pub fn fluid(&self, voxel: usize) -> Option<f64> {
        self.raw(5, voxel, self.counts.muscle_voxels).map(float)
    }

    /// Bytes on the host.
    pub fn bytes(&self) -> u64 {
        (size_of::<Self>() + 2 * self.values.len()) as u64
    }
}

fn share(value: u16) -> f64 {
    f64::from(value) / f64::from(u16::MAX)
}

fn float(value: u16) -> f64 {
    f16::from_bits(value).to_f64()
}

/// Packs the days of one body.
#[derive(Debug)]
pub struct DayPacker {
    dispatch: Dispatch,
    words: wgpu::Buffer,
    bytes: u64,
    counts: Counts,
}

/// A day on its way.
#[derive(Debug)]
pub struct PendingDay {
    readback: Readback,
    day: f64,
}

impl DayPacker {
    /// For `body`.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn new(body: &Body) -> Result<Self, GpuError> {
        let (gpu, state) = (body.gpu(), body.state());
        let counts = Counts {
            sites: state.counts.sites,
            bone_voxels: state.counts.bone_voxels,
            muscle_voxels: state.counts.muscle_voxels,
        };
        let words = counts.starts()[6] / 2;
        let of = [counts.sites, counts.bone_voxels, counts.muscle_voxels, 0];
        let uniform = gpu.uniform("counts to pack", &of.map(|n| n as u32))?;
        let packed = gpu.storage::<u32>("packed day", words)?;
        let shader = Shader::new(gpu, "day_tissue", &day_tissue_shader())?;
        let dispatch = Dispatch::new(
            gpu,
            &shader.kernel(gpu, "pack_day")?,
            words as u32,
            &[
                (0, whole(&uniform)),
                (1, whole(&state.bone)),
                (2, whole(&state.muscle_voxels)),
                (3, whole(&state.muscle)),
                (4, whole(&packed)),
                (5, whole(&state.energy)),
            ],
        )?;
        Ok(Self {
            dispatch,
            words: packed,
            bytes: 4 * words as u64,
            counts,
        })
    }

    /// Packs the body as `simulation` has it now; [`DayPacker::poll`] has the day once it arrives.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn pack(&self, simulation: &Simulation) -> Result<PendingDay, GpuError> {
        let gpu: &Gpu = simulation.gpu();
        let mut encoder = gpu.encoder("pack a day");
        gpu.pass(&mut encoder, "pack a day", |pass| self.dispatch.run(pass));
        let ranges = [(&self.words, 0, self.bytes)];
        let readback = Readback::record(gpu, &mut encoder, &ranges)?;
        gpu.submit(encoder);
        Ok(PendingDay {
            readback,
            day: simulation.day(),
        })
    }

    /// The day, if it has arrived.
    /// # Errors
    /// [`GpuError::Readback`].
    pub fn poll(&self, pending: &PendingDay) -> Result<Option<DayTissue>, GpuError> {
        let Some(parts) = pending.readback.poll()? else {
            return Ok(None);
        };
        let mut values: Vec<u16> = parts.first().map_or_else(Vec::new, |bytes| values(bytes));
        values.truncate(self.counts.starts()[6]);
        values.shrink_to_fit();
        Ok(Some(DayTissue {
            day: pending.day,
            values,
            counts: self.counts,
        }))
    }
}

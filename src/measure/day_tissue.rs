//! Density and fibre area of a day, packed to be kept on the host. Shader: `day_tissue.wgsl`.

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

/// Bone and muscle of one day, 16 bits a value.
#[derive(Debug, Clone, PartialEq)]
pub struct DayTissue {
    day: f64,
    /// Sites, to an even number, then muscle voxels.
    values: Vec<u16>,
    sites: usize,
}

impl DayTissue {
    /// Which day.
    pub fn day(&self) -> f64 {
        self.day
    }

    /// Bone volume fraction of a site, to 1/65535; none where there is no such site.
    pub fn bvtv(&self, site: usize) -> Option<f64> {
        (site < self.sites).then(|| share(self.values[site]))
    }

    /// Area of the fibres in a muscle voxel, relative to 1 g, to 2/65535; none where there is no
    /// such voxel.
    pub fn fibre_area(&self, voxel: usize) -> Option<f64> {
        let value = self.values.get(self.sites.next_multiple_of(2) + voxel)?;
        Some(MOST_AREA * share(*value))
    }

    /// Bytes on the host.
    pub fn bytes(&self) -> u64 {
        (size_of::<Self>() + 2 * self.values.len()) as u64
    }
}

fn share(value: u16) -> f64 {
    f64::from(value) / f64::from(u16::MAX)
}

/// Packs the days of one body.
#[derive(Debug)]
pub struct DayPacker {
    dispatch: Dispatch,
    words: wgpu::Buffer,
    bytes: u64,
    sites: usize,
    muscle_voxels: usize,
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
        let (sites, muscle_voxels) = (state.counts.sites, state.counts.muscle_voxels);
        let count = sites.div_ceil(2) + muscle_voxels.div_ceil(2);
        let counts = gpu.uniform(
            "counts to pack",
            &[sites as u32, muscle_voxels as u32, 0, 0],
        )?;
        let words = gpu.storage::<u32>("packed day", count)?;
        let shader = Shader::new(gpu, "day_tissue", &day_tissue_shader())?;
        let dispatch = Dispatch::new(
            gpu,
            &shader.kernel(gpu, "pack_day")?,
            count as u32,
            &[
                (0, whole(&counts)),
                (1, whole(&state.bone)),
                (2, whole(&state.muscle_voxels)),
                (3, whole(&state.muscle)),
                (4, whole(&words)),
            ],
        )?;
        Ok(Self {
            dispatch,
            words,
            bytes: 4 * count as u64,
            sites,
            muscle_voxels,
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
        values.truncate(self.sites.next_multiple_of(2) + self.muscle_voxels);
        values.shrink_to_fit();
        Ok(Some(DayTissue {
            day: pending.day,
            values,
            sites: self.sites,
        }))
    }
}

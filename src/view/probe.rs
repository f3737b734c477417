//! Fields at a few voxels: what is under the pointer, and what is pinned.

use crate::gpu::{Gpu, GpuError, Readback, values};
use crate::sim::Body;

use super::{Field, FieldKind};

/// A field, a voxel of the lattice, and its value there.
pub type Probed = (FieldKind, usize, f32);

/// Reads fields of one body at chosen voxels.
#[derive(Debug)]
pub struct Probe {
    field: Field,
    /// What is on its way, in the order of asking.
    pending: Vec<(FieldKind, usize, Readback)>,
}

impl Probe {
    /// Of `body`.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn new(body: &Body) -> Result<Self, GpuError> {
        Ok(Self {
            field: Field::new(body.gpu(), body.state(), body.anatomy())?,
            pending: Vec::new(),
        })
    }

    /// Whether nothing is on its way.
    pub fn is_free(&self) -> bool {
        self.pending.is_empty()
    }

    /// Asks for fields at voxels (indices into the lattice), as the body is now.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn ask(&mut self, gpu: &Gpu, wanted: &[(FieldKind, usize)]) -> Result<(), GpuError> {
        self.pending.clear();
        let mut kinds: Vec<FieldKind> = wanted.iter().map(|(kind, _)| *kind).collect();
        kinds.dedup();
        for kind in kinds {
            self.field.show(gpu, kind);
            let mut encoder = gpu.encoder("probe");
            for (_, voxel) in wanted.iter().filter(|(k, _)| *k == kind) {
                let range = [(self.field.values(), 4 * *voxel as u64, 4)];
                let readback = Readback::record(gpu, &mut encoder, &range)?;
                self.pending.push((kind, *voxel, readback));
            }
            gpu.submit(encoder);
        }
        Ok(())
    }

    /// What was asked for, in [`FieldKind::unit`], once all of it has arrived; NaN where a voxel
    /// has no such value.
    /// # Errors
    /// [`GpuError::Readback`].
    pub fn poll(&mut self) -> Result<Option<Vec<Probed>>, GpuError> {
        if self.pending.is_empty() {
            return Ok(None);
        }
        let mut found = Vec::with_capacity(self.pending.len());
        for (kind, voxel, readback) in &self.pending {
            let Some(parts) = readback.poll()? else {
                return Ok(None);
            };
            let value = parts
                .first()
                .and_then(|bytes| values::<f32>(bytes).first().copied());
            let value = value.map_or(f32::NAN, |v| kind.told(v));
            found.push((*kind, *voxel, value));
        }
        self.pending.clear();
        Ok(Some(found))
    }
}

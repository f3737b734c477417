//! A run on the host: everything that a continued run needs, to be kept in a file and gone on from
//! in another process.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::gpu::{Gpu, GpuError, Readback};
use crate::io::{Archive, ArchiveError, sum};
use crate::physiology::Model;
use crate::tissue::Anatomy;

use super::clock::Clock;
use super::error::SimError;
use super::life::Life;
use super::shader;
use super::simulation::Simulation;
use super::state::Lists;

/// Why a run cannot go on from a checkpoint.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CheckpointError {
    /// No checkpoint at all, or a damaged one.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// Its header is not one of ours.
    #[error("this checkpoint's header cannot be read: {0}")]
    Header(String),
    /// Of another run.
    #[error("this checkpoint is of another {what}: {found}, and {wanted} is asked for")]
    Other {
        /// In what it differs.
        what: &'static str,
        /// What it says.
        found: String,
        /// What would fit.
        wanted: String,
    },
    /// Trouble in making the body.
    #[error(transparent)]
    Sim(#[from] SimError),
}

/// What a continued run depends on. Where any of it differs a run cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Key {
    /// Of the program.
    version: String,
    scene: String,
    size: usize,
    /// Sum of all records of bone and muscle, of nodes and loads.
    anatomy: String,
    /// Sum of all parameters.
    parameters: String,
    /// Sum of all stages' shaders.
    laws: String,
}

impl Key {
    fn new(anatomy: &Anatomy, model: &Model) -> Self {
        let lists = Lists::new(anatomy, model);
        let bytes = bytemuck::cast_slice::<_, u8>;
        let outline = format!(
            "{:?}{:?}{:?}{:?}{:?}{:?}",
            anatomy.voxels,
            anatomy.spacing,
            anatomy.elements,
            anatomy.groups,
            anatomy.held,
            anatomy.loads
        );
        let laws: Vec<String> = shader::all().into_iter().map(|(_, text)| text).collect();
        let laws: Vec<&[u8]> = laws.iter().map(String::as_bytes).collect();
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scene: anatomy.scene.to_owned(),
            size: anatomy.size,
            anatomy: sum(&[
                outline.as_bytes(),
                bytemuck::cast_slice(&lists.bone_voxels),
                bytemuck::cast_slice(&lists.sites),
                bytemuck::cast_slice(&lists.muscle_voxels),
                bytes(&lists.reference),
                bytes(&lists.counts),
            ]),
            parameters: sum(&[format!("{model:?}").as_bytes()]),
            laws: sum(&laws),
        }
    }

    /// Each part by its name, and whether it can be told to people.
    fn parts(&self) -> [(&'static str, String, bool); 6] {
        [
            ("version", self.version.clone(), true),
            ("scene", self.scene.clone(), true),
            ("size", self.size.to_string(), true),
            ("anatomy", self.anatomy.clone(), false),
            (
                "person or set of parameters",
                self.parameters.clone(),
                false,
            ),
            ("set of laws", self.laws.clone(), false),
        ]
    }

    /// What of `self` is not what is `wanted`.
    fn check(&self, wanted: &Self) -> Result<(), CheckpointError> {
        for ((what, found, told), (_, wanted, _)) in self.parts().into_iter().zip(wanted.parts()) {
            if found != wanted {
                // Of a sum people know no more than that it differs.
                let tell = |text: String| if told { text } else { text[..8].to_owned() };
                return Err(CheckpointError::Other {
                    what,
                    found: tell(found),
                    wanted: tell(wanted),
                });
            }
        }
        Ok(())
    }
}

/// A text that differs wherever a settled body would: the program, the scene, the person and all
/// laws.
pub fn settled_key(anatomy: &Anatomy, model: &Model) -> String {
    let parts = Key::new(anatomy, model).parts();
    let parts: Vec<String> = parts.into_iter().map(|(_, text, _)| text).collect();
    parts.join(" ")
}

/// What stands before the arrays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Header {
    key: Key,
    adapter: String,
    grows: bool,
    floors: Vec<f64>,
    /// What its owner keeps beside the body.
    #[serde(default)]
    note: String,
    clock: Clock,
}

/// A run at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    header: Header,
    arrays: Vec<(String, Vec<u8>)>,
}

/// A checkpoint on its way from the adapter.
#[derive(Debug)]
pub struct PendingCheckpoint {
    readback: Readback,
    header: Header,
    names: Vec<String>,
}

impl PendingCheckpoint {
    /// The checkpoint, if it has arrived.
    /// # Errors
    /// [`GpuError::Readback`].
    pub fn poll(&self) -> Result<Option<Checkpoint>, GpuError> {
        Ok(self.readback.poll()?.map(|arrays| Checkpoint {
            header: self.header.clone(),
            arrays: self.names.iter().cloned().zip(arrays).collect(),
        }))
    }
}

impl Checkpoint {
    /// Day of the run.
    pub fn day(&self) -> f64 {
        self.header.clock.day
    }

    /// The adapter that it was made on, with its driver. Another one may round differently.
    pub fn adapter(&self) -> &str {
        &self.header.adapter
    }

    /// What its owner keeps beside the body.
    pub fn note(&self) -> &str {
        &self.header.note
    }

    /// The same with a note.
    #[must_use]
    pub fn with_note(mut self, note: String) -> Self {
        self.header.note = note;
        self
    }

    /// As a file.
    /// # Errors
    /// [`CheckpointError::Header`], with what an encoder said.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CheckpointError> {
        let header =
            toml::to_string(&self.header).map_err(|e| CheckpointError::Header(e.to_string()))?;
        let archive = Archive {
            header,
            arrays: self.arrays.clone(),
        };
        archive
            .to_bytes()
            .map_err(|e| CheckpointError::Header(e.to_string()))
    }

    /// From a file's bytes.
    /// # Errors
    /// [`CheckpointError::Archive`], [`CheckpointError::Header`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let archive = Archive::from_bytes(bytes)?;
        let header = toml::from_str(&archive.header)
            .map_err(|e: toml::de::Error| CheckpointError::Header(e.message().to_owned()))?;
        Ok(Self {
            header,
            arrays: archive.arrays,
        })
    }
}

impl Simulation {
    /// Asks for everything that a continued run needs. None while it settles or solves.
    /// # Errors
    /// As [`Gpu::scoped`].
    pub fn checkpoint(&self) -> Result<Option<PendingCheckpoint>, GpuError> {
        if !self.is_ready() {
            return Ok(None);
        }
        let gpu = self.gpu();
        let changing = self.body().changing();
        let ranges: Vec<_> = changing.iter().map(|(_, b)| (b, 0, b.size())).collect();
        let mut encoder = gpu.encoder("checkpoint");
        let readback = Readback::record(gpu, &mut encoder, &ranges)?;
        gpu.submit(encoder);
        Ok(Some(PendingCheckpoint {
            readback,
            header: Header {
                key: Key::new(self.anatomy(), self.model()),
                adapter: gpu.adapter_name(),
                grows: self.life().grows(),
                floors: self.life().floors().iter().map(|f| f64::from(*f)).collect(),
                note: String::new(),
                clock: self.clock().clone(),
            },
            names: changing.iter().map(|(name, _)| name.clone()).collect(),
        }))
    }

    /// A simulation that goes on where another one was kept, in this process or another: to the
    /// same bytes on the same adapter. Nothing settles.
    /// # Errors
    /// [`CheckpointError::Other`] where it was kept of another scene, size, person or program; else
    /// as [`Simulation::new`].
    pub fn restore(
        gpu: &Gpu,
        anatomy: Arc<Anatomy>,
        model: Arc<Model>,
        checkpoint: &Checkpoint,
    ) -> Result<Self, CheckpointError> {
        let header = &checkpoint.header;
        header.key.check(&Key::new(&anatomy, &model))?;
        let floors: Vec<f32> = header.floors.iter().map(|f| *f as f32).collect();
        let life = Life::running(header.grows, floors);
        let mut simulation = Self::with_life(gpu, anatomy, model, |_| life)?;
        let changing = simulation.body().changing();
        let sizes = |all: &mut dyn Iterator<Item = (&String, u64)>| {
            let each: Vec<String> = all.map(|(name, n)| format!("{name} {n}")).collect();
            each.join(", ")
        };
        let found = sizes(&mut checkpoint.arrays.iter().map(|(n, b)| (n, b.len() as u64)));
        let wanted = sizes(&mut changing.iter().map(|(n, b)| (n, b.size())));
        let cases = simulation.mechanics().cases();
        if found != wanted || header.clock.outcomes.len() != cases || header.floors.len() != cases {
            return Err(CheckpointError::Other {
                what: "layout",
                found,
                wanted,
            });
        }
        for ((_, buffer), (_, bytes)) in changing.iter().zip(&checkpoint.arrays) {
            gpu.write(buffer, bytes);
        }
        simulation.go_on_from(header.clock.clone());
        Ok(simulation)
    }
}

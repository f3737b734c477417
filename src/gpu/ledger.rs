//! Which buffers shaders write, found from what is bound to them.

use std::sync::{Arc, Mutex, PoisonError};

use super::Gpu;

/// Buffers made, and buffers bound where a shader writes, through one handle.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    made: Vec<(String, wgpu::Buffer)>,
    written: Vec<wgpu::Buffer>,
}

impl Ledger {
    fn open(&self) -> std::sync::MutexGuard<'_, Entries> {
        // Entries are only ever added: what a thread that panicked left is whole.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn made(&self, label: &str, buffer: &wgpu::Buffer) {
        self.open().made.push((label.to_owned(), buffer.clone()));
    }

    pub(super) fn written(&self, buffer: &wgpu::Buffer) {
        let mut entries = self.open();
        if !entries.written.contains(buffer) {
            entries.written.push(buffer.clone());
        }
    }
}

impl Gpu {
    /// The same device, which keeps a list of its own from here on: see [`Gpu::written`].
    #[must_use]
    pub fn listing(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            ledger: Some(Arc::default()),
        }
    }

    /// The buffers that kernels bound through this handle write, with their labels, in the order in
    /// which they were made. Buffers that another handle made come last, without a label.
    pub fn written(&self) -> Vec<(String, wgpu::Buffer)> {
        let Some(ledger) = &self.ledger else {
            return Vec::new();
        };
        let entries = ledger.open();
        let made = entries.made.iter();
        let mut all: Vec<_> = made
            .filter(|(_, buffer)| entries.written.contains(buffer))
            .cloned()
            .collect();
        for buffer in &entries.written {
            if !all.iter().any(|(_, b)| b == buffer) {
                all.push((String::new(), buffer.clone()));
            }
        }
        all
    }
}

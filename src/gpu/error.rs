//! What can go wrong on the adapter, as sentences.

/// Trouble with the adapter.
#[derive(Debug, Clone, thiserror::Error)]
pub enum GpuError {
    /// No driver offers an adapter.
    #[error(
        "no Vulkan, Metal or DirectX 12 adapter was found; on Debian or Ubuntu `apt install mesa-vulkan-drivers` gives a software one ({detail})"
    )]
    NoAdapter {
        /// What the instance said.
        detail: String,
    },
    /// No adapter has the name that was asked for.
    #[error("there is no adapter \"{name}\"; there are: {names}")]
    Unnamed {
        /// What was asked for.
        name: String,
        /// What there is.
        names: String,
    },
    /// The adapter would not open.
    #[error("the adapter would not open: {detail}")]
    Device {
        /// What the adapter said.
        detail: String,
    },
    /// The adapter is too small for what was asked.
    #[error(
        "this needs {required} {what}, and the adapter has {actual}; a smaller --size needs less"
    )]
    Limit {
        /// Which limit.
        what: &'static str,
        /// What was required.
        required: u64,
        /// What the adapter has.
        actual: u64,
    },
    /// A pipeline, buffer or texture was refused.
    #[error("the adapter refused {label}: {detail}")]
    Validation {
        /// What was being made.
        label: String,
        /// What the adapter said.
        detail: String,
    },
    /// Memory ran out.
    #[error("the adapter ran out of memory for {label}; a smaller --size needs less ({detail})")]
    OutOfMemory {
        /// What was being made.
        label: String,
        /// What the adapter said.
        detail: String,
    },
    /// The device went away.
    #[error("the graphics device was lost; the run has stopped ({detail})")]
    Lost {
        /// What the driver said.
        detail: String,
    },
    /// An error outside every scope.
    #[error("the graphics driver reported an error: {detail}")]
    Uncaptured {
        /// What the driver said.
        detail: String,
    },
    /// The adapter did not answer.
    #[error("the adapter did not answer: {detail}")]
    Poll {
        /// What polling said.
        detail: String,
    },
    /// A buffer could not be read back.
    #[error("a result could not be read back from the adapter: {detail}")]
    Readback {
        /// What mapping said.
        detail: String,
    },
}

impl GpuError {
    /// Whether the machine has no adapter that can do the work (exit code 3).
    pub fn is_no_adapter(&self) -> bool {
        matches!(
            self,
            Self::NoAdapter { .. } | Self::Unnamed { .. } | Self::Device { .. }
        )
    }
}

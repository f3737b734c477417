//! Kernels bound to the buffers of a level, ready to be run again and again.

use crate::gpu::{Gpu, GpuError, Kernel, Shader, dispatch, whole};
use crate::solver::element::Element;
use crate::solver::shader;

use super::levels::Finest;

/// A kernel with its buffers.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) entry: &'static str,
    kernel: Kernel,
    group: wgpu::BindGroup,
    pub(super) threads: u32,
}

impl Recorded {
    pub(super) fn run(&self, pass: &mut wgpu::ComputePass<'_>) {
        dispatch(pass, &self.kernel, &self.group, self.threads);
    }
}

/// A shader a kind of kernel.
#[derive(Debug)]
pub(super) struct Shaders {
    pub(super) smoother: Shader,
    pub(super) transfer: Shader,
    pub(super) galerkin: Shader,
    pub(super) coarsest: Shader,
    pub(super) spectrum: Shader,
}

impl Shaders {
    pub(super) fn new(gpu: &Gpu, element: &Element, in_pieces: bool) -> Result<Self, GpuError> {
        let make = |name: &str, source: String| Shader::new(gpu, name, &source);
        Ok(Self {
            smoother: make("smoother", shader::smoother(element))?,
            transfer: make("transfer", shader::transfer(element, in_pieces))?,
            galerkin: make("galerkin", shader::galerkin(element, in_pieces))?,
            coarsest: make("coarsest", shader::coarsest(element))?,
            spectrum: make("spectrum", shader::spectrum(element))?,
        })
    }
}

/// What commands are made from.
pub(super) struct Maker<'a> {
    pub(super) gpu: &'a Gpu,
    pub(super) shaders: &'a Shaders,
    pub(super) finest: &'a Finest<'a>,
    /// λ of every level.
    pub(super) spectrum: &'a wgpu::Buffer,
}

impl Maker<'_> {
    pub(super) fn make(
        &self,
        shader: &Shader,
        entry: &'static str,
        threads: u32,
        buffers: &[(u32, &wgpu::Buffer)],
    ) -> Result<Recorded, GpuError> {
        let kernel = shader.kernel(self.gpu, entry)?;
        let buffers: Vec<_> = buffers
            .iter()
            .map(|(binding, buffer)| (*binding, whole(buffer)))
            .collect();
        Ok(Recorded {
            entry,
            group: kernel.bind(self.gpu, &buffers)?,
            kernel,
            threads,
        })
    }
}

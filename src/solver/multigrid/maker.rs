//! The multigrid's shaders, and how a kernel is bound to a level's buffers.

use crate::gpu::{Dispatch, Gpu, GpuError, Shader, whole};
use crate::solver::element::Element;
use crate::solver::shader;

use super::levels::Finest;

/// One shader for each kind of kernel.
#[derive(Debug)]
pub(super) struct Shaders {
    pub(super) smoother: Shader,
    pub(super) transfer: Shader,
    pub(super) galerkin: Shader,
    pub(super) coarsest: Shader,
    pub(super) spectrum: Shader,
}

impl Shaders {
    pub(super) fn new(gpu: &Gpu, element: &Element, is_split: bool) -> Result<Self, GpuError> {
        let make = |name: &str, source: String| Shader::new(gpu, name, &source);
        Ok(Self {
            smoother: make("smoother", shader::smoother(element))?,
            transfer: make("transfer", shader::transfer(element, is_split))?,
            galerkin: make("galerkin", shader::galerkin(element, is_split))?,
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
        entry: &str,
        threads: u32,
        buffers: &[(u32, &wgpu::Buffer)],
    ) -> Result<Dispatch, GpuError> {
        let kernel = shader.kernel(self.gpu, entry)?;
        let buffers: Vec<_> = buffers
            .iter()
            .map(|(binding, buffer)| (*binding, whole(buffer)))
            .collect();
        Dispatch::new(self.gpu, &kernel, threads, &buffers)
    }
}

//! Fields on voxels: VTI for ParaView, npy for NumPy.

use std::fmt::Write as _;

use npyz::WriterBuilder as _;

use crate::volume::Volume;

/// A VTK image with every volume as cell data, raw appended; all must share the first one's grid.
pub fn vti(volumes: &[Volume], day: f64) -> Vec<u8> {
    let Some(first) = volumes.first() else {
        return Vec::new();
    };
    let [x, y, z] = first.voxels;
    let [ox, oy, oz] = first.origin;
    let [sx, sy, sz] = first.spacing;
    let mut head = String::from("<?xml version=\"1.0\"?>\n");
    let mut arrays = String::new();
    let mut offset = 0;
    for v in volumes {
        writeln!(
            arrays,
            "        <DataArray type=\"Float32\" Name=\"{}\" format=\"appended\" offset=\"{offset}\"/>",
            title(v)
        )
        .ok();
        offset += 8 + 4 * v.values.len();
    }
    write!(
        head,
        "<VTKFile type=\"ImageData\" version=\"1.0\" byte_order=\"LittleEndian\" header_type=\"UInt64\">\n\
         \x20 <ImageData WholeExtent=\"0 {x} 0 {y} 0 {z}\" Origin=\"{ox} {oy} {oz}\" Spacing=\"{sx} {sy} {sz}\">\n\
         \x20   <FieldData>\n\
         \x20     <DataArray type=\"Float64\" Name=\"TimeValue\" NumberOfTuples=\"1\" format=\"ascii\">{day}</DataArray>\n\
         \x20   </FieldData>\n\
         \x20   <Piece Extent=\"0 {x} 0 {y} 0 {z}\">\n      <CellData Scalars=\"{}\">\n{arrays}      </CellData>\n\
         \x20   </Piece>\n  </ImageData>\n  <AppendedData encoding=\"raw\">\n   _",
        title(first)
    )
    .ok();
    let mut bytes = head.into_bytes();
    for v in volumes {
        bytes.extend((4 * v.values.len() as u64).to_le_bytes());
        bytes.extend(v.values.iter().flat_map(|x| x.to_le_bytes()));
    }
    bytes.extend(b"\n  </AppendedData>\n</VTKFile>\n");
    bytes
}

/// Name and unit, as readers show them; what only numbers parts has no unit.
fn title(volume: &Volume) -> String {
    if volume.unit.is_empty() {
        volume.name.clone()
    } else {
        format!("{} [{}]", volume.name, volume.unit)
    }
}

/// A NumPy array of shape (z, y, x), f32.
/// # Errors
/// What the encoder says.
pub fn npy(volume: &Volume) -> std::io::Result<Vec<u8>> {
    let [x, y, z] = volume.voxels.map(|n| n as u64);
    let mut bytes = Vec::new();
    let mut writer = npyz::WriteOptions::new()
        .default_dtype()
        .shape(&[z, y, x])
        .writer(&mut bytes)
        .begin_nd()?;
    writer.extend(volume.values.iter().copied())?;
    writer.finish()?;
    Ok(bytes)
}

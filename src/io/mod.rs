//! Files: bytes to plain values and back. Knows no biology.

mod archive;
mod field;
mod files;
mod scan;
mod table;

pub use archive::{Archive, ArchiveError, sum};
pub use field::{npy, vti};
pub use files::{
    IoError, Lock, append, exists, is_file, names_in, never_over, oldest_first, read, read_text,
    remove, remove_empty, remove_partial, unused, writable_folder, write, write_beside,
};
pub use scan::{Bone, ENDINGS, Reading, Scan, ScanError};
pub use table::{Row, csv, csv_rows, records};

//! Named arrays behind a header of text, packed: what a checkpoint is on disk.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use sha2::{Digest as _, Sha256};

/// What such a file begins with.
const MAGIC: &[u8; 8] = b"MECHSTAT";
/// Of this layout. Others are refused.
const FORMAT: u32 = 1;
/// Bytes of the sum at the end.
const SUM: usize = 32;
/// Names and headers are shorter than this.
const MOST_TEXT: u64 = 64 << 20;

/// Named arrays of 4-byte numbers behind a header of text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Archive {
    /// What they are, as its writer has it.
    pub header: String,
    /// Name and bytes.
    pub arrays: Vec<(String, Vec<u8>)>,
}

/// Why bytes are no archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// Something else.
    #[error("this is no checkpoint")]
    NotThis,
    /// Of another layout.
    #[error("this checkpoint is of format {0}; format {FORMAT} is read")]
    Format(u32),
    /// Cut short, or not the bytes that were written.
    #[error("this checkpoint is damaged: its bytes are not those that were written")]
    Damaged,
}

/// SHA-256 of some bytes, in hexadecimal.
pub fn sum(parts: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        // Lengths keep "ab", "c" apart from "a", "bc".
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    let mut text = String::new();
    for byte in digest.finalize() {
        // Writing to a String cannot fail.
        write!(text, "{byte:02x}").ok();
    }
    text
}

/// First bytes of all numbers, then second ones, and so on: neighbours' exponents are alike, and
/// pack well.
fn by_place(bytes: &[u8]) -> Vec<u8> {
    let place = |k: usize| bytes.iter().skip(k).step_by(4);
    (0..4).flat_map(place).copied().collect()
}

fn by_number(bytes: &[u8]) -> Vec<u8> {
    let n = bytes.len() / 4;
    let mut numbers = vec![0; bytes.len()];
    for (k, number) in numbers.chunks_exact_mut(4).enumerate() {
        for (place, byte) in number.iter_mut().enumerate() {
            *byte = bytes[place * n + k];
        }
    }
    numbers
}

impl Archive {
    /// As a file.
    /// # Errors
    /// What the packer says.
    pub fn to_bytes(&self) -> std::io::Result<Vec<u8>> {
        let mut out = Vec::new();
        out.extend(MAGIC);
        out.extend(FORMAT.to_le_bytes());
        let text = |out: &mut Vec<u8>, text: &str| {
            out.extend((text.len() as u64).to_le_bytes());
            out.extend(text.as_bytes());
        };
        text(&mut out, &self.header);
        out.extend((self.arrays.len() as u64).to_le_bytes());
        for (name, bytes) in &self.arrays {
            text(&mut out, name);
            let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
            packed.write_all(&by_place(bytes))?;
            let packed = packed.finish()?;
            out.extend((bytes.len() as u64).to_le_bytes());
            out.extend((packed.len() as u64).to_le_bytes());
            out.extend(packed);
        }
        let digest = Sha256::digest(&out);
        out.extend(digest.as_slice());
        Ok(out)
    }

    /// From a file's bytes.
    /// # Errors
    /// [`ArchiveError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ArchiveError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(ArchiveError::NotThis)?;
        let damaged = || ArchiveError::Damaged;
        let (format, _) = rest.split_first_chunk().ok_or_else(damaged)?;
        let format = u32::from_le_bytes(*format);
        if format != FORMAT {
            return Err(ArchiveError::Format(format));
        }
        let split = bytes.len().checked_sub(SUM).ok_or_else(damaged)?;
        let (content, digest) = bytes.split_at(split);
        if Sha256::digest(content).as_slice() != digest {
            return Err(ArchiveError::Damaged);
        }
        Self::content(&content[MAGIC.len() + 4..]).ok_or_else(damaged)
    }

    fn content(mut rest: &[u8]) -> Option<Self> {
        let header = text(&mut rest)?;
        let count = number(&mut rest)?;
        let mut arrays = Vec::new();
        for _ in 0..count {
            let name = text(&mut rest)?;
            let length = number(&mut rest)?;
            let packed = number(&mut rest)?;
            let packed = take(&mut rest, packed)?;
            let mut places = Vec::new();
            let mut decoder = ZlibDecoder::new(packed).take(length.checked_add(1)?);
            decoder.read_to_end(&mut places).ok()?;
            if places.len() as u64 != length || length % 4 != 0 {
                return None;
            }
            arrays.push((name, by_number(&places)));
        }
        rest.is_empty().then_some(Self { header, arrays })
    }
}

fn take<'a>(rest: &mut &'a [u8], bytes: u64) -> Option<&'a [u8]> {
    rest.split_off(..usize::try_from(bytes).ok()?)
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    let (bytes, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(u64::from_le_bytes(*bytes))
}

fn text(rest: &mut &[u8]) -> Option<String> {
    let length = number(rest).filter(|n| *n <= MOST_TEXT)?;
    String::from_utf8(take(rest, length)?.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive() -> Archive {
        let numbers: Vec<u8> = (0..300u32)
            .flat_map(|k| (1.0 + k as f32 * 1e-3).to_le_bytes())
            .collect();
        Archive {
            header: "day = 12.5\nscene = \"hip\"\n".to_owned(),
            arrays: vec![
                ("bone state".to_owned(), numbers),
                ("nothing".to_owned(), Vec::new()),
                ("zeros".to_owned(), vec![0; 40_000]),
            ],
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = archive().to_bytes().unwrap();
        assert_eq!(Archive::from_bytes(&bytes), Ok(archive()));
        assert!(bytes.len() < 2000, "{}", bytes.len());
    }

    #[test]
    fn every_bit_and_every_length_counts() {
        let bytes = archive().to_bytes().unwrap();
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            let error = Archive::from_bytes(&flipped).unwrap_err();
            match at {
                0..8 => assert_eq!(error, ArchiveError::NotThis),
                8..12 => assert!(matches!(error, ArchiveError::Format(_))),
                _ => assert_eq!(error, ArchiveError::Damaged),
            }
            assert!(Archive::from_bytes(&bytes[..at]).is_err());
        }
        let mut longer = bytes;
        longer.push(0);
        assert_eq!(Archive::from_bytes(&longer), Err(ArchiveError::Damaged));
    }
}

//! Gzip files, read member by member.

use std::io::Read;

use flate2::bufread::GzDecoder;

/// What the members of a gzip file hold, one after the other. What follows them and is no further
/// member, such as zeros that pad a tape's block, is left alone.
pub(super) struct Gzip<'a>(Option<GzDecoder<&'a [u8]>>);

impl<'a> Gzip<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(Some(GzDecoder::new(bytes)))
    }
}

impl Read for Gzip<'_> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        while let Some(member) = &mut self.0 {
            let count = member.read(to)?;
            if count > 0 || to.is_empty() {
                return Ok(count);
            }
            let rest = self.0.take().map_or(&[][..], GzDecoder::into_inner);
            self.0 = rest.starts_with(&GZIP).then(|| GzDecoder::new(rest));
        }
        Ok(0)
    }
}

/// How every member of a gzip file begins.
pub(super) const GZIP: [u8; 2] = [0x1f, 0x8b];

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn member(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).ok();
        encoder.finish().unwrap_or_default()
    }

    fn read(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut all = Vec::new();
        Gzip::new(bytes).read_to_end(&mut all)?;
        Ok(all)
    }

    #[test]
    fn members_follow_each_other_and_padding_is_left_alone() {
        let two = [member(b"bone "), member(b"and muscle")].concat();
        let padded = [&two[..], &[0; 512]].concat();
        let trailed = [&two[..], b"and more"].concat();
        for bytes in [two, padded, trailed] {
            assert!(read(&bytes).is_ok_and(|all| all == b"bone and muscle"));
        }
    }

    #[test]
    fn wrong_sums_and_short_members_are_errors() {
        let whole = member(b"bone and muscle");
        for place in [whole.len() - 1, whole.len() - 5] {
            let mut wrong = whole.clone();
            wrong[place] ^= 1;
            assert!(read(&wrong).is_err());
        }
        assert!(read(&whole[..whole.len() - 3]).is_err());
        let second = [&whole[..], &whole[..12]].concat();
        assert!(read(&second).is_err());
    }
}

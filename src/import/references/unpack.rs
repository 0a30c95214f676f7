//! Opening gzip and zip so that a small file cannot become an endless one.

use std::io::{self, Cursor, Read};

use crate::import::InputFile;

/// Unpacked bytes for each packed one beyond which a stream is taken for a bomb. Published tables reach about 10.
const RATIO_LIMIT: u64 = 200;
/// Below this a high ratio harms nobody.
const RATIO_FREE: u64 = 32 << 20;
/// Most entries of a zip that are looked at.
const ENTRIES_LIMIT: usize = 4_000;

/// Why a file was not opened, as what was found and what was wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) value: String,
    pub(super) expected: String,
}

/// Hands each wanted part of a file to `take`: the file itself, what a gzip holds, or the entries of a zip by path.
/// Returns how many there were. A part that grows past `limit` bytes ends with an [`io::Error`] that says so.
pub(super) fn each_part(
    file: &InputFile,
    limit: u64,
    is_wanted: &dyn Fn(&str) -> bool,
    take: &mut dyn FnMut(&str, &mut dyn Read),
) -> Result<usize, Refused> {
    let bytes: &[u8] = &file.bytes;
    let packed = bytes.len() as u64;
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return each_entry(file, limit, is_wanted, take);
    }
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let stream = flate2::bufread::MultiGzDecoder::new(bytes);
        take(&file.name, &mut Bounded::new(stream, limit, packed));
    } else {
        take(&file.name, &mut Bounded::new(bytes, limit, packed));
    }
    Ok(1)
}

fn each_entry(
    file: &InputFile,
    limit: u64,
    is_wanted: &dyn Fn(&str) -> bool,
    take: &mut dyn FnMut(&str, &mut dyn Read),
) -> Result<usize, Refused> {
    let refused = |error: zip::result::ZipError| Refused {
        value: error.to_string(),
        expected: "a zip that can be opened".to_owned(),
    };
    let bytes: &[u8] = &file.bytes;
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(refused)?;
    if archive.len() > ENTRIES_LIMIT {
        return Err(Refused {
            value: format!("{} entries", archive.len()),
            expected: format!("a zip of at most {ENTRIES_LIMIT} entries"),
        });
    }
    let (mut taken, mut left) = (0, limit);
    for at in 0..archive.len() {
        let entry = archive.by_index(at).map_err(refused)?;
        // A name that cannot be read is none of a table we know.
        let Ok(name) = entry.name().map(std::borrow::Cow::into_owned) else { continue };
        if entry.is_dir() || !is_wanted(&name) {
            continue;
        }
        // What an entry says of its own size is not believed: the packed size is bounded by the file's.
        let packed = entry.compressed_size().min(bytes.len() as u64);
        let mut stream = Bounded::new(entry, left, packed);
        take(&format!("{}/{name}", file.name), &mut stream);
        left = left.saturating_sub(stream.read);
        taken += 1;
    }
    Ok(taken)
}

/// A stream that ends with an error once it has given more than it may.
struct Bounded<R> {
    inner: R,
    read: u64,
    limit: u64,
    ratio_limit: u64,
}

impl<R> Bounded<R> {
    fn new(inner: R, limit: u64, packed: u64) -> Self {
        let ratio_limit = packed.saturating_mul(RATIO_LIMIT).max(RATIO_FREE);
        Self { inner, read: 0, limit, ratio_limit }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read += count as u64;
        if self.read > self.limit {
            let limit = self.limit.div_euclid(1 << 20);
            return Err(io::Error::other(format!("it unpacks to more than {limit} MiB")));
        }
        if self.read > self.ratio_limit {
            return Err(io::Error::other(format!(
                "it unpacks to more than {RATIO_LIMIT} times its size"
            )));
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn unpacked(bytes: Vec<u8>, limit: u64) -> Result<Vec<(String, io::Result<u64>)>, Refused> {
        let file = InputFile { name: "given".to_owned(), bytes };
        let mut seen = Vec::new();
        each_part(&file, limit, &|_| true, &mut |name, stream| {
            seen.push((name.to_owned(), io::copy(stream, &mut io::sink())));
        })?;
        Ok(seen)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in entries {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn a_zip_gives_its_entries_and_a_gzip_what_it_holds() {
        let seen = unpacked(zipped(&[("a.csv", b"one"), ("b/c.csv", b"three")]), 100).unwrap();
        let names: Vec<&str> = seen.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["given/a.csv", "given/b/c.csv"]);
        assert_eq!(seen[1].1.as_ref().unwrap(), &5);

        let seen = unpacked(gzip(b"hello"), 100).unwrap();
        assert_eq!(seen[0].1.as_ref().unwrap(), &5);
    }

    #[test]
    fn a_bomb_is_stopped_by_size_and_by_ratio() {
        let zeros = vec![0; 64 << 20];
        for bomb in [gzip(&zeros), zipped(&[("zeros.csv", &zeros)])] {
            let seen = unpacked(bomb, 1 << 30).unwrap();
            let told = seen[0].1.as_ref().unwrap_err().to_string();
            assert_eq!(told, "it unpacks to more than 200 times its size");
        }

        let many = zipped(&[("a", &zeros[..1 << 20]), ("b", &zeros[..1 << 20])]);
        let seen = unpacked(many, 3 << 19).unwrap();
        assert!(seen[0].1.is_ok() && seen[1].1.is_err(), "the limit is for the whole file");
    }

    #[test]
    fn what_only_looks_like_a_zip_is_refused() {
        assert!(unpacked(b"PK\x03\x04 but no more".to_vec(), 100).is_err());
    }
}

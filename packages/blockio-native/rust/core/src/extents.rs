use crate::block_file::{BlockFile, Kind};
use crate::failure::{Cause, Failure};
use std::os::fd::AsRawFd;

/// A stretch of a file: a hole (proven zeros), or data that must be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    pub offset: u64,
    pub length: u64,
    pub hole: bool,
}

/// What is known of a stretch: ascending extents without gaps, ending at `end`.
#[derive(Debug, PartialEq, Eq)]
pub struct Extents {
    pub extents: Vec<Extent>,
    pub end: u64,
}

impl BlockFile {
    /// Holes and data of `[offset, end)`, as the file system tells them now, until `limit` extents are found. A file
    /// system that tells nothing (EINVAL), and a device, give data. A file that became shorter is `Shortened`: past its
    /// end nothing is proven.
    pub fn extents(&self, offset: u64, end: u64, limit: usize) -> Result<Extents, Failure> {
        let mut found = Extents { extents: Vec::new(), end: offset };
        while found.end < end && found.extents.len() < limit {
            let at = found.end;
            let data = self.next_data(at)?.unwrap_or(end).min(end);
            if data > at {
                found.push(data, true);
            } else {
                let hole = self.next_hole(at)?.unwrap_or(end).clamp(at + 1, end);
                found.push(hole, false);
            }
        }
        let length = self.file().metadata().map_err(|error| Failure::system(&error))?.len();
        if self.kind() == Kind::File && length < self.size() {
            return Err(Failure::new(Cause::Shortened));
        }
        Ok(found)
    }

    /// The first byte at or after `offset` that is no hole; `None` when there is none.
    pub(crate) fn next_data(&self, offset: u64) -> Result<Option<u64>, Failure> {
        match self.kind() {
            Kind::Device => Ok(Some(offset)),
            Kind::File => self.seek(offset, libc::SEEK_DATA),
        }
    }

    fn next_hole(&self, offset: u64) -> Result<Option<u64>, Failure> {
        match self.kind() {
            Kind::Device => Ok(None),
            Kind::File => self.seek(offset, libc::SEEK_HOLE),
        }
    }

    /// Asks where the next hole or data begins. Nothing else uses the position of the file that this moves.
    fn seek(&self, offset: u64, whence: i32) -> Result<Option<u64>, Failure> {
        let Ok(position) = libc::off_t::try_from(offset) else { return Ok(None) };
        // SAFETY: lseek touches no memory, and the file is open as long as `self`.
        let found = unsafe { libc::lseek(self.file().as_raw_fd(), position, whence) };
        if let Ok(found) = u64::try_from(found) {
            return Ok(Some(found));
        }
        match Failure::last() {
            Failure { cause: Cause::System(libc::ENXIO), .. } => Ok(None),
            // a file system that does not know holes: all is data
            Failure { cause: Cause::System(libc::EINVAL), .. } if whence == libc::SEEK_DATA => {
                Ok(Some(offset))
            }
            Failure { cause: Cause::System(libc::EINVAL), .. } => Ok(None),
            failure => Err(failure),
        }
    }
}

impl Extents {
    /// Adds a stretch from the end of what is known to `end`.
    pub(crate) fn push(&mut self, end: u64, hole: bool) {
        self.extents.push(Extent { offset: self.end, length: end - self.end, hole });
        self.end = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block_file::Access;
    use crate::scratch::Scratch;
    use std::fs::OpenOptions;
    use std::path::Path;

    const MIB: u64 = 1024 * 1024;

    fn open(path: &Path) -> BlockFile {
        BlockFile::open(path, Kind::File, Access::Read).unwrap()
    }

    fn listed(found: &Extents) -> Vec<(u64, u64, bool)> {
        found.extents.iter().map(|extent| (extent.offset, extent.length, extent.hole)).collect()
    }

    #[test]
    fn tells_holes_from_data_and_covers_the_range() {
        let scratch = Scratch::new();
        let part = vec![7; MIB as usize];
        let file = open(&scratch.sparse("disk", 8 * MIB, &[(2 * MIB, &part), (5 * MIB, &part)]));
        let all = [(0, 2, true), (2, 1, false), (3, 2, true), (5, 1, false), (6, 2, true)];
        let wanted: Vec<_> = all.iter().map(|&(at, length, hole)| (at * MIB, length * MIB, hole)).collect();
        assert_eq!(listed(&file.extents(0, 8 * MIB, 100).unwrap()), wanted);
        let inside = file.extents(2 * MIB + 5, 5 * MIB + 9, 100).unwrap();
        assert_eq!(
            listed(&inside),
            [(2 * MIB + 5, MIB - 5, false), (3 * MIB, 2 * MIB, true), (5 * MIB, 9, false)]
        );
    }

    #[test]
    fn goes_on_where_the_limit_ended_it() {
        let scratch = Scratch::new();
        let file = open(&scratch.sparse("disk", 8 * MIB, &[(2 * MIB, &[7; 4096])]));
        let first = file.extents(0, 8 * MIB, 1).unwrap();
        assert_eq!(listed(&first), [(0, 2 * MIB, true)]);
        let rest = file.extents(first.end, 8 * MIB, 100).unwrap();
        assert_eq!(rest.extents.iter().map(|extent| extent.length).sum::<u64>(), 6 * MIB);
    }

    #[test]
    fn asks_little_of_a_file_of_many_tebibytes() {
        let scratch = Scratch::new();
        let size = 1 << 43;
        let file = open(&scratch.sparse("disk", size, &[]));
        assert_eq!(listed(&file.extents(0, size, 10).unwrap()), [(0, size, true)]);
    }

    #[test]
    fn proves_nothing_of_a_file_that_became_shorter() {
        let scratch = Scratch::new();
        let path = scratch.sparse("disk", 8 * MIB, &[]);
        let file = open(&path);
        OpenOptions::new().write(true).open(&path).unwrap().set_len(MIB).unwrap();
        assert_eq!(file.extents(0, 8 * MIB, 10), Err(Failure::new(Cause::Shortened)));
    }
}

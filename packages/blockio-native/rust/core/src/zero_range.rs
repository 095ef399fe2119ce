use crate::block_file::{BlockFile, Kind};
#[cfg(target_os = "linux")]
use crate::failure::Cause;
use crate::failure::Failure;
#[cfg(target_os = "linux")]
use std::os::fd::AsRawFd;

/// How much one call frees at most, so that a caller can stop in between.
const FREE_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// How much one call writes at most, where zeros must be written out: by the kernel or here.
const WRITE_BYTES: u64 = 16 * 1024 * 1024;

static ZEROS: [u8; 1024 * 1024] = [0; 1024 * 1024];

/// Errors by which storage says that it cannot do this here, and that are not failures of the disk.
#[cfg(target_os = "linux")]
const CANNOT: [i32; 5] = [libc::EOPNOTSUPP, libc::ENOSYS, libc::EINVAL, libc::ENODEV, libc::EPERM];

impl BlockFile {
    /// Makes a part of `[offset, offset + length)` read as zeros, from its start, and returns where it ended: at least
    /// one byte further. Holes stay holes; data is freed where the storage can, else overwritten.
    pub fn zero(&self, offset: u64, length: u64) -> Result<u64, Failure> {
        let end = offset + length;
        let Some(data) = self.next_data(offset)?.filter(|&data| data < end) else { return Ok(end) };
        let free = self.step(data, end, FREE_BYTES);
        if self.kind() == Kind::File && self.free(data, free)? {
            return Ok(free);
        }
        let step = self.step(data, end, WRITE_BYTES);
        if self.kind() == Kind::Device && (self.free(data, step)? || self.write_zeroes(data, step)?) {
            return Ok(step);
        }
        for at in (data..step).step_by(ZEROS.len()) {
            self.write(at, &ZEROS[..(step - at).min(ZEROS.len() as u64) as usize])?;
        }
        Ok(step)
    }

    /// Sets room aside for writes past the page cache, which else find it one by one. What is not used stays a hole until
    /// the file is cut. Nothing depends on it: a full storage is found by the writes.
    #[cfg(target_os = "linux")]
    pub(crate) fn allocate_ahead(&self, from: u64, to: u64) {
        if self.is_direct() {
            let _ = self.allocate(from, to, libc::FALLOC_FL_KEEP_SIZE);
        }
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn allocate_ahead(&self, _: u64, _: u64) {}

    fn step(&self, from: u64, end: u64, bytes: u64) -> u64 {
        end.min(from.saturating_add(bytes))
    }

    /// Frees the storage below a range, if it can and the range then reads as zeros.
    #[cfg(target_os = "linux")]
    fn free(&self, from: u64, to: u64) -> Result<bool, Failure> {
        self.allocate(from, to, libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE)
    }

    /// Lets the device write the zeros itself.
    #[cfg(target_os = "linux")]
    fn write_zeroes(&self, from: u64, to: u64) -> Result<bool, Failure> {
        self.allocate(from, to, libc::FALLOC_FL_ZERO_RANGE | libc::FALLOC_FL_KEEP_SIZE)
    }

    #[cfg(not(target_os = "linux"))]
    fn free(&self, _: u64, _: u64) -> Result<bool, Failure> {
        Ok(false)
    }

    #[cfg(not(target_os = "linux"))]
    fn write_zeroes(&self, _: u64, _: u64) -> Result<bool, Failure> {
        Ok(false)
    }

    #[cfg(target_os = "linux")]
    fn allocate(&self, from: u64, to: u64, mode: i32) -> Result<bool, Failure> {
        let (Ok(offset), Ok(length)) = (libc::off_t::try_from(from), libc::off_t::try_from(to - from)) else {
            return Err(Failure::new(Cause::System(libc::EFBIG)));
        };
        loop {
            // SAFETY: fallocate touches no memory, and the file is open as long as `self`.
            if unsafe { libc::fallocate(self.file().as_raw_fd(), mode, offset, length) } == 0 {
                return Ok(true);
            }
            match Failure::last() {
                Failure { cause: Cause::System(libc::EINTR), .. } => {}
                Failure { cause: Cause::System(errno), .. } if CANNOT.contains(&errno) => return Ok(false),
                failure => return Err(failure),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block_file::Access;
    use crate::scratch::Scratch;
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    const MIB: u64 = 1024 * 1024;

    #[test]
    fn zeroes_exactly_the_range_and_gives_its_space_back() {
        let scratch = Scratch::new();
        let path = scratch.file("disk", &vec![5; 8 * MIB as usize]);
        let file = BlockFile::open(&path, Kind::File, Access::ReadWrite).unwrap();
        let before = fs::metadata(&path).unwrap().blocks();
        let (from, to) = (MIB + 10, 7 * MIB - 3);
        let mut at = from;
        while at < to {
            at = file.zero(at, to - at).unwrap();
        }
        let content = fs::read(&path).unwrap();
        for (index, &byte) in content.iter().enumerate() {
            let inside = (from..to).contains(&(index as u64));
            assert_eq!(byte, if inside { 0 } else { 5 }, "byte {index}");
        }
        assert!(fs::metadata(&path).unwrap().blocks() < before / 2);
        assert_eq!(content.len() as u64, 8 * MIB);
    }

    #[test]
    fn does_nothing_to_holes_however_large() {
        let scratch = Scratch::new();
        let size = 1 << 43;
        let path = scratch.sparse("disk", size, &[]);
        let file = BlockFile::open(&path, Kind::File, Access::ReadWrite).unwrap();
        assert_eq!(file.zero(0, size), Ok(size));
        assert_eq!(fs::metadata(&path).unwrap().blocks(), 0);
    }

    #[test]
    fn fails_on_a_file_that_may_only_be_read() {
        let scratch = Scratch::new();
        let path = scratch.file("disk", &[5; 4096]);
        let file = BlockFile::open(&path, Kind::File, Access::Read).unwrap();
        assert_eq!(file.zero(0, 4096), Err(Failure::new(Cause::System(libc::EBADF))));
        assert_eq!(fs::read(&path).unwrap(), [5; 4096]);
    }
}

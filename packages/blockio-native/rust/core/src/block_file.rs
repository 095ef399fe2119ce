use crate::aligned_buffer::ALIGNMENT;
use crate::failure::{Cause, Failure};
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom};
#[cfg(target_os = "linux")]
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

/// What an endpoint is said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    File,
    Device,
}

/// What an endpoint is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Read,
    ReadWrite,
}

/// An open regular file or block device, at the size it had when it was opened.
#[derive(Debug)]
pub struct BlockFile {
    file: File,
    kind: Kind,
    size: u64,
    identity: (u64, u64),
    /// The same file, for writes past the page cache.
    direct: Option<File>,
}

/// A write past the page cache waits for the storage: only large ones gain by it.
const DIRECT_BYTES: usize = 128 * 1024;

impl BlockFile {
    /// Opens `path`. What is not of `kind` is refused before it is opened, and again after: opening a named pipe
    /// would wait for ever, and opening some devices moves them.
    pub fn open(path: &Path, kind: Kind, access: Access) -> Result<Self, Failure> {
        check_kind(&std::fs::metadata(path).map_err(|error| Failure::system(&error))?, kind)?;
        let file = OpenOptions::new()
            .read(true)
            .write(access == Access::ReadWrite)
            .custom_flags(libc::O_NONBLOCK)
            .open(path)
            .map_err(|error| Failure::system(&error))?;
        let metadata = file.metadata().map_err(|error| Failure::system(&error))?;
        check_kind(&metadata, kind)?;
        let size = match kind {
            Kind::File => metadata.len(),
            Kind::Device => (&file).seek(SeekFrom::End(0)).map_err(|error| Failure::system(&error))?,
        };
        let identity = match kind {
            Kind::File => (metadata.dev(), metadata.ino()),
            Kind::Device => (u64::MAX, metadata.rdev()),
        };
        Ok(BlockFile { file, kind, size, identity, direct: None })
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Bytes of the file or device when it was opened.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Whether both are the same file or device, by whatever names they were opened.
    pub fn is_same(&self, other: &BlockFile) -> bool {
        self.identity == other.identity
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Fills `into` from `offset`. An end before that is `Shortened`: these are not the bytes that were opened.
    pub fn read(&self, offset: u64, into: &mut [u8]) -> Result<(), Failure> {
        self.file.read_exact_at(into, offset).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Failure::new(Cause::Shortened),
            _ => Failure::system(&error),
        })
    }

    /// Writes all of `data` at `offset`.
    pub fn write(&self, offset: u64, data: &[u8]) -> Result<(), Failure> {
        if let Some(direct) = self.direct.as_ref().filter(|_| is_for_direct(offset, data)) {
            match direct.write_all_at(data, offset) {
                // a storage with a wider grid
                Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {}
                result => return result.map_err(|error| Failure::system(&error)),
            }
        }
        self.file.write_all_at(data, offset).map_err(|error| Failure::system(&error))
    }

    /// The same, with large writes past the page cache where the file system can. `sync` is needed all the same.
    #[cfg(target_os = "linux")]
    pub fn past_cache(self) -> Self {
        if self.kind != Kind::File || self.is_in_memory() {
            return self;
        }
        let same = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        let direct = OpenOptions::new().write(true).custom_flags(libc::O_DIRECT).open(same).ok();
        BlockFile { direct, ..self }
    }

    #[cfg(not(target_os = "linux"))]
    pub fn past_cache(self) -> Self {
        self
    }

    /// Whether the file lies on tmpfs, where there is nothing past the page cache.
    #[cfg(target_os = "linux")]
    fn is_in_memory(&self) -> bool {
        // SAFETY: all zeros are a valid value of this plain struct.
        let mut status: libc::statfs = unsafe { std::mem::zeroed() };
        // SAFETY: fstatfs fills the struct that it is given; the file is open as long as `self`.
        let failed = unsafe { libc::fstatfs(self.file.as_raw_fd(), &raw mut status) } != 0;
        !failed && status.f_type == libc::TMPFS_MAGIC
    }

    /// Whether large writes go past the page cache.
    pub(crate) fn is_direct(&self) -> bool {
        self.direct.is_some()
    }

    /// Makes all that was written durable (fdatasync).
    pub fn sync(&self) -> Result<(), Failure> {
        self.file.sync_data().map_err(|error| Failure::system(&error))
    }
}

fn is_for_direct(offset: u64, data: &[u8]) -> bool {
    let grid = ALIGNMENT as u64;
    let address = data.as_ptr() as usize as u64;
    let length = data.len() as u64;
    data.len() >= DIRECT_BYTES && [offset, length, address].iter().all(|value| value % grid == 0)
}

fn check_kind(metadata: &std::fs::Metadata, kind: Kind) -> Result<(), Failure> {
    let found = metadata.file_type();
    match kind {
        Kind::File if found.is_file() => Ok(()),
        Kind::Device if found.is_block_device() => Ok(()),
        Kind::File if found.is_block_device() => Err(Failure::new(Cause::IsDevice)),
        _ => Err(Failure::new(Cause::WrongKind)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn opens_what_is_of_the_kind_and_nothing_else() {
        let scratch = Scratch::new();
        let path = scratch.file("disk", &[7; 1000]);
        let open = |path: &Path, kind| BlockFile::open(path, kind, Access::ReadWrite).map(|file| file.size());
        assert_eq!(open(&path, Kind::File), Ok(1000));
        assert_eq!(open(&path, Kind::Device), Err(Failure::new(Cause::WrongKind)));
        assert_eq!(open(scratch.folder(), Kind::File), Err(Failure::new(Cause::WrongKind)));
        assert_eq!(open(&scratch.pipe("pipe"), Kind::File), Err(Failure::new(Cause::WrongKind)));
        let absent = open(&scratch.path("nothing"), Kind::File);
        assert_eq!(absent, Err(Failure::new(Cause::System(libc::ENOENT))));
    }

    #[test]
    fn says_that_a_file_became_shorter() {
        let scratch = Scratch::new();
        let path = scratch.file("disk", &[7; 1000]);
        let file = BlockFile::open(&path, Kind::File, Access::Read).unwrap();
        OpenOptions::new().write(true).open(&path).unwrap().set_len(10).unwrap();
        assert_eq!(file.read(0, &mut [0; 100]), Err(Failure::new(Cause::Shortened)));
        assert_eq!(file.read(0, &mut [0; 10]), Ok(()));
    }

    #[test]
    fn knows_a_file_by_whatever_name() {
        let scratch = Scratch::new();
        let (one, two) = (scratch.file("one", &[1]), scratch.file("two", &[1]));
        let alias = scratch.path("alias");
        std::os::unix::fs::symlink(&one, &alias).unwrap();
        let open = |path: &Path| BlockFile::open(path, Kind::File, Access::Read).unwrap();
        assert!(open(&one).is_same(&open(&alias)));
        assert!(!open(&one).is_same(&open(&two)));
    }
}

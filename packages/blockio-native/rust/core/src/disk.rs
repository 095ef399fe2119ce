use crate::aligned_buffer::AlignedBuffer;
use crate::block_file::BlockFile;
use crate::failure::Failure;

/// What a transfer reads from or writes to.
#[derive(Debug)]
pub enum Disk {
    File(BlockFile),
}

impl Disk {
    /// Bytes when it was opened.
    pub fn size(&self) -> u64 {
        match self {
            Disk::File(file) => file.size(),
        }
    }

    /// Whether both are known to be the same disk, by whatever names they were opened.
    pub fn is_same(&self, other: &Disk) -> bool {
        match (self, other) {
            (Disk::File(one), Disk::File(two)) => one.is_same(two),
        }
    }

    /// A way for one thread to this disk.
    pub fn lane(&self) -> Result<Lane<'_>, Failure> {
        match self {
            Disk::File(file) => Ok(Lane::File(file)),
        }
    }
}

impl From<BlockFile> for Disk {
    fn from(file: BlockFile) -> Self {
        Disk::File(file)
    }
}

/// The way of one thread to a disk. A read has two halves, so that the bytes of one come while those of another are
/// worked on; a write may be answered later.
pub enum Lane<'a> {
    File(&'a BlockFile),
}

/// A read that was begun.
pub enum Reading {
    /// It is done when it is finished.
    Later { offset: u64, length: usize, buffer: AlignedBuffer },
}

impl Lane<'_> {
    /// How many reads are worth having begun.
    pub fn read_ahead(&self) -> usize {
        match self {
            Lane::File(_) => 1,
        }
    }

    /// Begins to read `length` bytes at `offset` into the start of `buffer`.
    pub fn begin_read(
        &mut self,
        offset: u64,
        length: usize,
        buffer: AlignedBuffer,
    ) -> Result<Reading, Failure> {
        match self {
            Lane::File(_) => Ok(Reading::Later { offset, length, buffer }),
        }
    }

    /// Waits for the end of a read that was begun on this lane.
    pub fn finish_read(&mut self, reading: Reading) -> Result<AlignedBuffer, Failure> {
        match (self, reading) {
            (Lane::File(file), Reading::Later { offset, length, mut buffer }) => {
                file.read(offset, &mut buffer[..length])?;
                Ok(buffer)
            }
        }
    }

    /// Writes `data` at `offset`; whether that succeeded may be known only after `settle`.
    pub fn write(&mut self, offset: u64, data: &[u8]) -> Result<(), Failure> {
        match self {
            Lane::File(file) => file.write(offset, data),
        }
    }

    /// Makes a part of `[offset, offset + length)` zeros, from its start, and returns where it ended: at least one byte
    /// further. Whether that succeeded may be known only after `settle`.
    pub fn zero(&mut self, offset: u64, length: u64) -> Result<u64, Failure> {
        match self {
            Lane::File(file) => file.zero(offset, length),
        }
    }

    /// Waits until all that was written on this lane is done.
    pub fn settle(&mut self) -> Result<(), Failure> {
        match self {
            Lane::File(_) => Ok(()),
        }
    }
}

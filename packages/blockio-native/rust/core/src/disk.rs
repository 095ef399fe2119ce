use crate::aligned_buffer::AlignedBuffer;
use crate::block_file::BlockFile;
use crate::control::Control;
use crate::failure::{Cause, Failure};
use crate::nbd::{NbdExport, NbdLane};

/// Reads of an export that are begun ahead: with buffers of 1 MiB that is what keeps a server busy.
const NBD_AHEAD: usize = 3;

/// What a transfer reads from or writes to.
pub enum Disk {
    File(BlockFile),
    Nbd(Box<NbdExport>),
}

impl Disk {
    /// Bytes when it was opened.
    pub fn size(&self) -> u64 {
        match self {
            Disk::File(file) => file.size(),
            Disk::Nbd(export) => export.size(),
        }
    }

    /// The same, with large writes of a file past the page cache where its file system can.
    pub fn past_cache(self) -> Self {
        match self {
            Disk::File(file) => Disk::File(file.past_cache()),
            other => other,
        }
    }

    /// Lets the storage set room aside for writes to come in `[from, to)`, where writes go past the page cache.
    pub(crate) fn allocate_ahead(&self, from: u64, to: u64) {
        if let Disk::File(file) = self {
            file.allocate_ahead(from, to);
        }
    }

    /// The file, where writes of it go past the page cache.
    pub(crate) fn direct_file(&self) -> Option<&BlockFile> {
        match self {
            Disk::File(file) if file.is_direct() => Some(file),
            _ => None,
        }
    }

    /// Whether both are known to be the same disk, by whatever names they were opened.
    pub fn is_same(&self, other: &Disk) -> bool {
        match (self, other) {
            (Disk::File(one), Disk::File(two)) => one.is_same(two),
            (Disk::Nbd(one), Disk::Nbd(two)) => one.is_same(two),
            _ => false,
        }
    }

    /// Whether several threads may have a way to it.
    pub fn is_shared(&self) -> bool {
        match self {
            Disk::File(_) => true,
            Disk::Nbd(export) => export.is_shared(),
        }
    }

    /// A way for one thread to this disk. It is given up once `needless` says so.
    pub fn lane<'a>(
        &'a self,
        control: &'a Control,
        needless: &dyn Fn() -> bool,
    ) -> Result<Lane<'a>, Failure> {
        match self {
            Disk::File(file) => Ok(Lane::File(file)),
            Disk::Nbd(export) => Ok(Lane::Nbd(Box::new(export.lane(control, needless)?))),
        }
    }
}

impl From<NbdExport> for Disk {
    fn from(export: NbdExport) -> Self {
        Disk::Nbd(Box::new(export))
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
    Nbd(Box<NbdLane<'a>>),
}

/// A read that was begun.
pub enum Reading {
    /// It is done when it is finished.
    Later { offset: u64, length: usize, buffer: AlignedBuffer },
    /// The server was asked.
    Asked(u64),
}

impl Lane<'_> {
    /// How many reads are worth having begun.
    pub fn read_ahead(&self) -> usize {
        match self {
            Lane::File(_) => 1,
            Lane::Nbd(_) => NBD_AHEAD,
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
            Lane::Nbd(lane) => lane.begin_read(offset, length, buffer).map(Reading::Asked),
        }
    }

    /// Waits for the end of a read that was begun on this lane.
    pub fn finish_read(&mut self, reading: Reading) -> Result<AlignedBuffer, Failure> {
        match (self, reading) {
            (Lane::File(file), Reading::Later { offset, length, mut buffer }) => {
                file.read(offset, &mut buffer[..length])?;
                Ok(buffer)
            }
            (Lane::Nbd(lane), Reading::Asked(ticket)) => lane.finish_read(ticket),
            // a read is finished on the lane that began it
            _ => Err(Failure::new(Cause::Panicked)),
        }
    }

    /// Writes `data` at `offset`; whether that succeeded may be known only after `settle`.
    pub fn write(&mut self, offset: u64, data: &[u8]) -> Result<(), Failure> {
        match self {
            Lane::File(file) => file.write(offset, data),
            Lane::Nbd(lane) => lane.write(offset, data),
        }
    }

    /// Makes a part of `[offset, offset + length)` zeros, from its start, and returns where it ended: at least one byte
    /// further. Whether that succeeded may be known only after `settle`.
    pub fn zero(&mut self, offset: u64, length: u64) -> Result<u64, Failure> {
        match self {
            Lane::File(file) => file.zero(offset, length),
            Lane::Nbd(lane) => lane.zero(offset, length),
        }
    }

    /// Waits until all that was written on this lane is done.
    pub fn settle(&mut self) -> Result<(), Failure> {
        match self {
            Lane::File(_) => Ok(()),
            Lane::Nbd(lane) => lane.settle(),
        }
    }

    /// Waits until nothing is written any more, after a failure or a stop.
    pub fn give_up(&mut self) {
        match self {
            Lane::File(_) => {}
            Lane::Nbd(lane) => lane.give_up(),
        }
    }
}

use crate::aligned_buffer::AlignedBuffer;
use crate::block_file::BlockFile;
use crate::control::Control;
use crate::failure::{Failure, Place};
use crate::transfer::contained;
use std::ops::Range;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, Scope};

/// Threads that write for one that reads: storage is at its fastest with several requests at once.
const WRITERS: usize = 2;

/// Buffers that are being written or wait for it: one each and a writer.
pub const BUFFERS_BEHIND: usize = 2 * WRITERS;

/// Parts of a buffer and where in the target each goes.
pub type Writes = Vec<(u64, Range<usize>)>;

/// The writes of one thread, done by others: what goes past the page cache waits for the storage, and the first
/// reads and hashes meanwhile. Both ends of it are dropped before the scope ends, which waits for the last write.
pub struct WriteBehind {
    begin: Sender<(AlignedBuffer, Writes)>,
    back: Receiver<AlignedBuffer>,
    away: usize,
}

impl WriteBehind {
    /// `None` where there is no thread to be had: that is a matter of speed.
    pub fn start<'scope>(
        scope: &'scope Scope<'scope, '_>,
        target: &'scope BlockFile,
        control: &'scope Control,
    ) -> Option<Self> {
        let (begin, begun) = channel::<(AlignedBuffer, Writes)>();
        let begun = Arc::new(Mutex::new(begun));
        let (done, back) = channel();
        let start_one = || {
            let (begun, done) = (Arc::clone(&begun), done.clone());
            // a panic in there would leave nothing half done
            let next = move || begun.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let work = move || {
                while let Ok((buffer, writes)) = next() {
                    let written = contained(|| write_all(target, &buffer, &writes, control));
                    if let Err(failure) = written {
                        control.fail(failure);
                    }
                    // nobody waits for it any more after a failure
                    let _ = done.send(buffer);
                }
            };
            Builder::new().name("sendense-write".into()).spawn_scoped(scope, work).is_ok()
        };
        let writers = (0..WRITERS).filter(|_| start_one()).count();
        (writers > 0).then_some(WriteBehind { begin, back, away: 0 })
    }

    /// Begins to write; a failure stops the transfer. Gives the buffer back where nobody writes any more.
    pub fn write(&mut self, buffer: AlignedBuffer, writes: Writes) -> Option<AlignedBuffer> {
        match self.begin.send((buffer, writes)) {
            Ok(()) => {
                self.away += 1;
                None
            }
            Err(refused) => Some(refused.0.0),
        }
    }

    /// A buffer that was written, without waiting.
    pub fn written(&mut self) -> Option<AlignedBuffer> {
        let buffer = self.back.try_recv().ok()?;
        self.away -= 1;
        Some(buffer)
    }

    /// Waits for a buffer to be written; `None` when none is on its way.
    pub fn wait(&mut self) -> Option<AlignedBuffer> {
        if self.away == 0 {
            return None;
        }
        self.away -= 1;
        self.back.recv().ok()
    }
}

/// After a stop nothing more is written.
fn write_all(target: &BlockFile, data: &[u8], writes: &Writes, control: &Control) -> Result<(), Failure> {
    for (offset, range) in writes {
        control.check()?;
        target.write(*offset, &data[range.clone()]).map_err(|failure| failure.at(Place::Target))?;
    }
    Ok(())
}

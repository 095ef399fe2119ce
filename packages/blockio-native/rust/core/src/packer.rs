use crate::control::Control;
use crate::failure::Failure;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How long a thread waits before it looks whether the transfer is to stop.
const LOOK: Duration = Duration::from_millis(20);

/// Gives out places at the target to pieces from which zeros are left out, so that what follows moves up. Pieces get their
/// places in the order of the moves, whichever thread has them: the target is the same for any number of threads.
pub struct Packer {
    next: Mutex<Next>,
    moved: Condvar,
}

struct Next {
    /// Where the next piece would lie if no zeros were left out.
    destination: u64,
    /// Bytes left out so far.
    zeros: u64,
}

impl Packer {
    /// For moves that begin at `destination` and follow each other there.
    pub fn new(destination: u64) -> Self {
        Packer { next: Mutex::new(Next { destination, zeros: 0 }), moved: Condvar::new() }
    }

    /// Waits for the turn of the piece of `length` bytes that would lie at `destination`, and returns where its data goes;
    /// `zeros` of its bytes are none.
    pub fn place(
        &self,
        destination: u64,
        length: u64,
        zeros: u64,
        control: &Control,
    ) -> Result<u64, Failure> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        while next.destination != destination {
            control.check()?;
            next = self.moved.wait_timeout(next, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
        let at = destination - next.zeros;
        next.destination += length;
        next.zeros += zeros;
        self.moved.notify_all();
        Ok(at)
    }
}

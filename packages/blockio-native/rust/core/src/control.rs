use crate::failure::{Cause, Failure};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What a transfer shares with who watches and stops it.
#[derive(Default)]
pub struct Control {
    stopped: AtomicBool,
    done: AtomicU64,
    failure: Mutex<Option<Failure>>,
}

impl Control {
    /// Asks the transfer to stop. It ends after the read or write that each thread is in.
    pub fn cancel(&self) {
        self.fail(Failure::new(Cause::Aborted));
    }

    /// Bytes moved so far.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    pub(crate) fn advance(&self, bytes: u64) {
        self.done.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Notes the first failure and stops all threads.
    pub(crate) fn fail(&self, failure: Failure) {
        self.failure.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).get_or_insert(failure);
        self.stopped.store(true, Ordering::Release);
    }

    /// Fails once the transfer is to stop.
    pub fn check(&self) -> Result<(), Failure> {
        if !self.stopped.load(Ordering::Acquire) {
            return Ok(());
        }
        let failure = self.failure.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        Err(failure.unwrap_or(Failure::new(Cause::Aborted)))
    }
}

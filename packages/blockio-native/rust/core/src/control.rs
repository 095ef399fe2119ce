use crate::failure::{Cause, Failure};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

/// What a transfer shares with who watches and stops it.
#[derive(Default)]
pub struct Control {
    stopped: AtomicBool,
    done: AtomicU64,
    failure: Mutex<Option<Failure>>,
    cancelled: OnceLock<Instant>,
}

impl Control {
    /// Asks the transfer to stop. It ends after the read or write that each thread is in.
    pub fn cancel(&self) {
        let _ = self.cancelled.set(Instant::now());
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

    /// How long ago the caller asked to stop, if so.
    pub(crate) fn cancelled_for(&self) -> Option<Duration> {
        self.cancelled.get().map(Instant::elapsed)
    }

    /// Notes that a server has not answered changes that it was sent: it is gone, or was not waited for any longer. Of a
    /// stop that says more than that the caller asked for it.
    pub(crate) fn leave_open(&self) {
        let mut failure = self.failure.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let told = match *failure {
            Some(told) if self.cancelled_for().is_none() => told,
            _ => Failure::new(Cause::Abandoned),
        };
        *failure = Some(told.left_open());
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

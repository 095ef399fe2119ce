use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// Why chunk work ended early, as a value: no text crosses to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkFailure {
    /// A frame is not whole, of another key, or holds what is never made.
    Damaged,
    /// The caller asked to stop.
    Stopped,
    /// It is whole, and not the chunk that it should be.
    Misnamed,
    /// The caller gave too little room.
    NoRoom,
    /// The system gave no random bytes.
    NoRandom,
    /// A thread panicked.
    Panicked,
}

/// Asks work to stop between two chunks.
#[derive(Debug, Default)]
pub struct Stop(AtomicBool);

impl Stop {
    /// Harmless when repeated.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Does `work` on each item, several at once, each thread with scratch of its own; gives the results in the order of the
/// items. Starts nothing after the first failure.
pub fn each<Item, Scratch, Done>(
    threads: usize,
    items: &[Item],
    stop: &Stop,
    scratch: impl Fn() -> Scratch + Sync,
    work: impl Fn(&mut Scratch, &Item) -> Result<Done, ChunkFailure> + Sync,
) -> Result<Vec<Done>, ChunkFailure>
where
    Item: Sync,
    Done: Send,
{
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(None);
    let fail = |failure| {
        next.store(items.len(), Ordering::Relaxed);
        failed.lock().expect("nothing panics under this lock").get_or_insert(failure);
    };
    let run = || {
        let mut done = Vec::new();
        let mut scratch = scratch();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else {
                return done;
            };
            let result = if stop.is_asked() { Err(ChunkFailure::Stopped) } else { work(&mut scratch, item) };
            match result {
                Ok(value) => done.push((index, value)),
                Err(failure) => fail(failure),
            }
        }
    };
    let contained = || {
        catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
            fail(ChunkFailure::Panicked);
            Vec::new()
        })
    };
    let mut done: Vec<(usize, Done)> = thread::scope(|scope| {
        let others = threads.min(items.len()).saturating_sub(1);
        let handles: Vec<_> = (0..others).map(|_| scope.spawn(contained)).collect();
        let own = contained();
        let parts = handles.into_iter().map(|handle| handle.join().expect("panics are contained"));
        own.into_iter().chain(parts.flatten()).collect()
    });
    match failed.into_inner().expect("nothing panics under this lock") {
        Some(failure) => Err(failure),
        None => {
            done.sort_unstable_by_key(|(index, _)| *index);
            Ok(done.into_iter().map(|(_, value)| value).collect())
        }
    }
}

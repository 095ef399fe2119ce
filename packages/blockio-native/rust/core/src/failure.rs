use std::io;

/// What went wrong, as a value: no text crosses to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A system call failed with this errno.
    System(i32),
    /// A file became shorter than it was when it was opened.
    Shortened,
    /// The path is a block device and was named as a file.
    IsDevice,
    /// The path is not of the kind it was named as.
    WrongKind,
    /// A move reaches past an end, or names a source that is not there. Holds the index of the move.
    OutOfRange(usize),
    /// The caller asked to stop.
    Aborted,
    /// A thread panicked; what it did is unknown.
    Panicked,
}

/// Which endpoint of a transfer a failure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Source(usize),
    Target,
}

/// A failure and where it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    pub cause: Cause,
    pub place: Option<Place>,
}

impl Failure {
    pub fn new(cause: Cause) -> Self {
        Failure { cause, place: None }
    }

    /// The failure of a system call.
    pub fn system(error: &io::Error) -> Self {
        Failure::new(Cause::System(error.raw_os_error().unwrap_or(libc::EIO)))
    }

    /// The errno of the calling thread.
    pub fn last() -> Self {
        Failure::system(&io::Error::last_os_error())
    }

    /// The same, about `place` unless it is known already.
    pub fn at(self, place: Place) -> Self {
        Failure { place: self.place.or(Some(place)), ..self }
    }
}

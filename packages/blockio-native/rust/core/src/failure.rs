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
    /// The caller asked to stop, and a server has not answered in time what it was sent: it may still do it.
    Abandoned,
    /// A server answered a request with this error number.
    Replied(u32),
    /// A server answered an option with this type of error.
    OptionRefused(u32),
    /// A server broke the protocol; a phrase of a fixed set says how.
    Protocol(&'static str),
    /// A server offers no TLS and was to.
    NoTls,
    /// TLS failed, by Node's word for it.
    Tls(&'static str),
    /// A server hung up as soon as there was TLS: it may want to know who we are.
    HungUpAfterTls,
    /// A connection was not ready in time.
    NotInTime,
    /// A server that owes an answer was silent for too long.
    Silent,
    /// An export is larger than 2^53 - 1 bytes.
    TooLarge,
    /// A server does not tell which ranges are zeros.
    NoStatus,
    /// An export may not be changed.
    ReadOnly,
    /// What was asked is off the grid of a server, or past the end of its export.
    Unaligned,
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
    /// Whether a server has not answered a change that it was sent: it may have done it, or still do it.
    pub open: bool,
}

impl Failure {
    pub const fn new(cause: Cause) -> Self {
        Failure { cause, place: None, open: false }
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

    /// The same, where a change was sent and not answered.
    pub(crate) fn left_open(self) -> Self {
        Failure { open: true, ..self }
    }
}

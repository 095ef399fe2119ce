use crate::control::Control;
use crate::failure::{Cause, Failure};
use std::io;
use std::time::{Duration, Instant};

/// How long one system call waits before it is asked whether to go on: a stop takes effect within this time.
pub const SLICE: Duration = Duration::from_millis(20);

/// Who may end a wait.
pub trait Stop {
    /// Fails once the wait is to end.
    fn check(&self) -> Result<(), Failure>;
}

impl Stop for Control {
    fn check(&self) -> Result<(), Failure> {
        Control::check(self)
    }
}

/// Ends a wait for changes that a server was sent: some time after the caller asked to stop, and for nothing else, because
/// the server may still do what it has not answered.
pub struct AfterAbort<'a>(pub &'a Control, pub Duration);

impl Stop for AfterAbort<'_> {
    fn check(&self) -> Result<(), Failure> {
        let over = self.0.cancelled_for().is_some_and(|time| time >= self.1);
        if over { Err(Failure::new(Cause::Aborted)) } else { Ok(()) }
    }
}

/// A stop by either of two.
pub struct Either<'a>(pub &'a dyn Stop, pub &'a dyn Fn() -> bool);

impl Stop for Either<'_> {
    fn check(&self) -> Result<(), Failure> {
        self.0.check()?;
        if self.1() { Err(Failure::new(Cause::Aborted)) } else { Ok(()) }
    }
}

/// What ends a wait for a server, besides the server.
pub struct Wait<'a> {
    stop: &'a dyn Stop,
    until: Instant,
    patience: Duration,
    cause: Cause,
}

impl<'a> Wait<'a> {
    /// Until `patience` is over, which then is failure `cause`. With `Silent` it begins anew whenever something moves.
    pub fn new(stop: &'a dyn Stop, patience: Duration, cause: Cause) -> Self {
        Wait { stop, until: Instant::now() + patience, patience, cause }
    }

    /// Something came or went.
    pub fn progressed(&mut self) {
        if self.cause == Cause::Silent {
            self.until = Instant::now() + self.patience;
        }
    }

    pub fn check(&self) -> Result<(), Failure> {
        self.stop.check()?;
        if Instant::now() >= self.until { Err(Failure::new(self.cause)) } else { Ok(()) }
    }

    /// After an error of a socket: nothing when the call only has to be repeated.
    pub fn go_on(&self, error: &io::Error) -> Result<(), Failure> {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted => self.check(),
            _ => Err(Failure::system(error)),
        }
    }
}

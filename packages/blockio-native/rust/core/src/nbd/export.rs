use crate::control::Control;
use crate::failure::Failure;
use crate::nbd::bytes::violation;
use crate::nbd::connection::Connection;
use crate::nbd::endpoint::Endpoint;
use crate::nbd::lane::NbdLane;
use crate::nbd::session::Session;
use crate::nbd::wait::{Either, Stop};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Servers that allow one client at a time let a second one wait; this is how long for.
const ANOTHER: Duration = Duration::from_secs(3);

/// An export for the time of one transfer: its first connection waits for the first thread.
pub struct NbdExport {
    endpoint: Endpoint,
    session: Session,
    first: Mutex<Option<Connection>>,
}

impl NbdExport {
    /// Connects to the export.
    pub fn open(endpoint: Endpoint, stop: &dyn Stop) -> Result<Self, Failure> {
        let first = Connection::open(&endpoint, stop)?;
        Ok(NbdExport { endpoint, session: first.session, first: Mutex::new(Some(first)) })
    }

    pub fn size(&self) -> u64 {
        self.session.size
    }

    pub fn is_same(&self, other: &NbdExport) -> bool {
        self.endpoint.is_same(&other.endpoint)
    }

    /// Whether several connections see one another's writes.
    pub fn is_shared(&self) -> bool {
        self.session.flags.multi_connection()
    }

    /// The first connection, or another one: at most a short time is spent on that, and none once `needless` says so.
    pub fn lane<'a>(
        &self,
        control: &'a Control,
        needless: &dyn Fn() -> bool,
    ) -> Result<NbdLane<'a>, Failure> {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        let connection = match first {
            Some(first) => first,
            None => another(&self.endpoint, &self.session, &Either(control, needless))?,
        };
        Ok(NbdLane::new(connection, control))
    }
}

/// One more connection to an export. It must lead to the same disk.
pub fn another(endpoint: &Endpoint, session: &Session, stop: &dyn Stop) -> Result<Connection, Failure> {
    let mut hasty = endpoint.clone();
    hasty.patience.handshake = hasty.patience.handshake.min(ANOTHER);
    let connection = Connection::open(&hasty, stop)?;
    let same = |other: &Session| (other.size, other.flags, other.allocation.is_some());
    if same(&connection.session) == same(session) {
        Ok(connection)
    } else {
        Err(violation("another description of the export on another connection"))
    }
}

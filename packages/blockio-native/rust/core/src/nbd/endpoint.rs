use crate::nbd::tls::Tls;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Where a server listens. A name was resolved before, by who can give up waiting for that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    Unix(PathBuf),
    /// Tried in this order.
    Tcp(Vec<SocketAddr>),
}

/// How long a server is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For a connection to be ready.
    pub handshake: Duration,
    /// For a server that owes an answer to send or take anything.
    pub silence: Duration,
    /// For a server to answer the changes that it was sent, once the caller asked to stop.
    pub after_abort: Duration,
}

/// An export of an NBD server.
#[derive(Clone)]
pub struct Endpoint {
    pub address: Address,
    pub export: String,
    /// With it the connection is verified and encrypted, or there is none.
    pub tls: Option<Arc<Tls>>,
    pub patience: Patience,
}

impl Endpoint {
    /// Whether both name the same export in the same words.
    pub fn is_same(&self, other: &Endpoint) -> bool {
        self.address == other.address && self.export == other.export
    }
}

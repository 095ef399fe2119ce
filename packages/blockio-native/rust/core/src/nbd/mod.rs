//! A client of NBD servers: fixed newstyle handshake, TLS, simple, structured and 64-bit replies, several requests under way
//! on each of several connections. Every length that a server says is checked before anything is allocated for it.

mod bytes;
mod client;
mod codes;
mod connection;
mod cover;
mod endpoint;
mod export;
mod handshake;
mod lane;
mod owed;
mod replies;
mod request;
mod session;
mod socket;
mod tls;
mod wait;
mod wire;

#[cfg(test)]
mod abort_tests;
#[cfg(test)]
mod fake_server;
#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod tests;

pub use client::{Answer, Call, Client, Reply};
pub use endpoint::{Address, Endpoint, Patience};
pub use export::NbdExport;
pub use lane::NbdLane;
pub use tls::{Tls, TlsSettings};
pub use wait::Stop;

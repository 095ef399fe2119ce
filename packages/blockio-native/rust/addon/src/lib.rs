//! The N-API face of `sendense-blockio`: values in, values out. A failure is a value with a code, never a text; a panic
//! stays in its thread. What may block runs on libuv's threads (one call) or on threads of its own (a transfer).

mod block_file;
mod chunks;
mod failure;
mod nbd_client;
mod nbd_export;
mod transfer;

use napi_derive::napi;

/// Number of this interface: the loader refuses an addon that was built for another one.
#[napi(catch_unwind)]
pub fn contract() -> u32 {
    3
}

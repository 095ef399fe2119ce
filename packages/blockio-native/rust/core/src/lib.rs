//! Files and block devices as Sendense moves them: where their holes are, ranges made zero without writing them, and
//! transfers of packed moves on threads. Nothing here knows of Node; the `addon` crate gives it a face there.

mod aligned_buffer;
mod block_file;
mod control;
mod disk;
mod extents;
mod failure;
mod jobs;
mod move_list;
pub mod nbd;
mod packer;
mod transfer;
mod worker;
mod write_behind;
mod zero_range;
mod zero_runs;

#[cfg(test)]
mod faults;
#[cfg(test)]
mod scratch;
#[cfg(test)]
mod transfer_tests;

pub use aligned_buffer::AlignedBuffer;
pub use block_file::{Access, BlockFile, Kind};
pub use control::Control;
pub use disk::Disk;
pub use extents::{Extent, Extents};
pub use failure::{Cause, Failure, Place};
pub use move_list::{Move, MoveList};
pub use transfer::{Outcome, Transfer, Zeros, contained};
pub use zero_runs::ZeroRun;

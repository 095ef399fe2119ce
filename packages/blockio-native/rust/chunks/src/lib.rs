//! The chunk work of object repositories on threads: ids by keyed BLAKE3, zstd where it helps, AES-256-GCM, and back. The
//! TypeScript path (`plugin-kit/src/chunks`) is the reference: same ids, and each reads the frames of the other.

mod body;
mod each;
mod part;
mod seal;

pub use each::{ChunkFailure, Stop};
pub use part::Part;

use body::{Decoder, Encoder};
use seal::FrameKey;

/// Bytes of a chunk's id.
pub const ID_BYTES: usize = 32;

/// The id of each chunk, back to back, and one byte a chunk: 1 when it is all zeros.
pub type Named = (Vec<u8>, Vec<u8>);

/// How frames are made and read.
pub struct Frames {
    key: FrameKey,
    level: i32,
    chunk_bytes: usize,
    threads: usize,
}

/// Names chunks by their bytes: BLAKE3 keyed with `key`.
pub fn name_chunks(
    key: &[u8; 32],
    chunks: &[&[u8]],
    threads: usize,
    stop: &Stop,
) -> Result<Named, ChunkFailure> {
    let named = each::each(
        threads,
        chunks,
        stop,
        || (),
        |(), chunk| Ok((blake3::keyed_hash(key, chunk), is_zero(chunk))),
    )?;
    let ids = named.iter().flat_map(|(id, _)| *id.as_bytes()).collect();
    Ok((ids, named.iter().map(|(_, zero)| u8::from(*zero)).collect()))
}

impl Frames {
    /// `level` of zstd; `chunk_bytes` is the most that a frame may hold.
    pub fn new(key: &[u8; 32], level: i32, chunk_bytes: usize, threads: usize) -> Self {
        Frames { key: FrameKey::new(key), level, chunk_bytes, threads }
    }

    /// A frame for each chunk.
    pub fn encode(&self, chunks: &[&[u8]], stop: &Stop) -> Result<Vec<Part>, ChunkFailure> {
        each::each(
            self.threads,
            chunks,
            stop,
            || Encoder::new(self.level),
            |encoder, chunk| Ok(Part::new(self.key.seal(encoder.encode(chunk))?, 0)),
        )
    }

    /// The chunk of each frame. `Damaged` when any is not whole, of another key, or holds what `encode` never makes.
    pub fn decode(&self, frames: &[&[u8]], stop: &Stop) -> Result<Vec<Part>, ChunkFailure> {
        each::each(
            self.threads,
            frames,
            stop,
            || Decoder::new(self.chunk_bytes),
            |decoder, frame| decoder.decode(self.key.open(frame)?),
        )
    }
}

/// Whether all bytes are zeros: the first one is, and each equals the one before it.
fn is_zero(chunk: &[u8]) -> bool {
    chunk.split_first().is_none_or(|(first, rest)| *first == 0 && *rest == chunk[..rest.len()])
}

#[cfg(test)]
mod tests;

//! The chunk work of object repositories on threads: ids by keyed BLAKE3, zstd where it helps, AES-256-GCM, and back. The
//! TypeScript path (`plugin-kit/src/chunks`) is the reference: same ids, and each reads the frames of the other.

mod body;
mod each;
mod part;
mod seal;
mod window;

pub use each::{ChunkFailure, Stop};
pub use part::Part;
pub use seal::FRAME_EXTRA;

use body::{Decoder, Encoder};
use seal::FrameKey;
use std::cell::RefCell;
use std::sync::Mutex;
use window::{Window, join, windows};

thread_local! {
    /// The body of a frame, in memory that each thread uses again.
    static BODY: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

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

    /// A frame for each chunk, back to back from the start of `into`, which has `FRAME_EXTRA` more bytes of room for each; gives
    /// their lengths.
    pub fn encode(&self, chunks: &[&[u8]], into: &mut [u8], stop: &Stop) -> Result<Vec<usize>, ChunkFailure> {
        let lengths = each::each(
            self.threads,
            &windows(chunks, FRAME_EXTRA, into)?,
            stop,
            || Encoder::new(self.level),
            |encoder, Window { item, room }| self.key.seal(encoder.encode(item), &mut window::enter(room)),
        )?;
        join(chunks, FRAME_EXTRA, &lengths, into);
        Ok(lengths)
    }

    /// The chunk of each frame. `Damaged` when any is not whole, of another key, or holds what `encode` never makes.
    pub fn decode(&self, frames: &[&[u8]], stop: &Stop) -> Result<Vec<Part>, ChunkFailure> {
        each::each(
            self.threads,
            frames,
            stop,
            || Decoder::new(self.chunk_bytes),
            |decoder, frame| {
                let mut body = Vec::new();
                self.key.open(frame, &mut body)?;
                decoder.decode(body)
            },
        )
    }

    /// Puts the chunk of a frame at the start of `into`, which has room for the longest; gives its length. `Misnamed` unless its
    /// keyed digest is `id`; what `into` holds after a failure is of no use.
    pub fn decode_into(
        &self,
        frame: &[u8],
        (key, id): (&[u8; 32], &[u8]),
        into: &mut [u8],
        stop: &Stop,
    ) -> Result<usize, ChunkFailure> {
        let lengths = each::each(
            1,
            &[Mutex::new(into)],
            stop,
            || (),
            |(), room| {
                let into = &mut *window::enter(room);
                let length = BODY.with_borrow_mut(|body| {
                    self.key.open(frame, body)?;
                    Decoder::new(self.chunk_bytes).decode_into(body, into)
                })?;
                let is_named = blake3::keyed_hash(key, &into[..length]).as_bytes() == id;
                if is_named { Ok(length) } else { Err(ChunkFailure::Misnamed) }
            },
        )?;
        Ok(lengths[0])
    }
}

/// Whether all bytes are zeros: the first one is, and each equals the one before it.
fn is_zero(chunk: &[u8]) -> bool {
    chunk.split_first().is_none_or(|(first, rest)| *first == 0 && *rest == chunk[..rest.len()])
}

#[cfg(test)]
mod tests;

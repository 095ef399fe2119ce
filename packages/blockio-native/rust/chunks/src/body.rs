use crate::each::ChunkFailure;
use crate::part::Part;
use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::get_frame_content_size;

/// What the first byte of a body says of the rest.
const PLAIN: u8 = 0;
const ZSTD: u8 = 1;

/// So much from the middle of a chunk is tried before all of it is compressed.
const SAMPLE_BYTES: usize = 16 * 1024;
/// A sample that shrinks by less than its sixteenth part is as good as random: so is the chunk, and stored as it is.
const WORTHY_BYTES: usize = SAMPLE_BYTES / 16 * 15;
const SAMPLE_LEVEL: i32 = 1;

/// Makes bodies: one byte for how, then the chunk itself or its zstd frame.
pub struct Encoder {
    sampling: Compressor<'static>,
    whole: Compressor<'static>,
    scratch: Vec<u8>,
}

impl Encoder {
    pub fn new(level: i32) -> Self {
        let compressor = |level| Compressor::new(level).expect("the level was checked");
        Encoder { sampling: compressor(SAMPLE_LEVEL), whole: compressor(level), scratch: Vec::new() }
    }

    /// The parts of the body of `chunk`.
    pub fn encode<'a>(&'a mut self, chunk: &'a [u8]) -> (u8, &'a [u8]) {
        if self.is_compressible(chunk) {
            self.scratch.clear();
            self.scratch.reserve(zstd::zstd_safe::compress_bound(chunk.len()));
            let written = self.whole.compress_to_buffer(chunk, &mut self.scratch).unwrap_or(usize::MAX);
            if written < chunk.len() {
                return (ZSTD, &self.scratch);
            }
        }
        (PLAIN, chunk)
    }

    fn is_compressible(&mut self, chunk: &[u8]) -> bool {
        if chunk.len() <= SAMPLE_BYTES {
            return true;
        }
        let start = (chunk.len() - SAMPLE_BYTES) / 2;
        let sample = &chunk[start..start + SAMPLE_BYTES];
        self.sampling.compress(sample).is_ok_and(|compressed| compressed.len() <= WORTHY_BYTES)
    }
}

/// Reads bodies.
pub struct Decoder {
    chunk_bytes: usize,
    decompressor: Decompressor<'static>,
}

impl Decoder {
    pub fn new(chunk_bytes: usize) -> Self {
        Decoder { chunk_bytes, decompressor: Decompressor::new().expect("zstd has memory for its tables") }
    }

    /// The chunk of `body`. A size that a frame invents beyond that of a chunk allocates nothing.
    pub fn decode(&mut self, body: Vec<u8>) -> Result<Part, ChunkFailure> {
        match body.split_first() {
            Some((&PLAIN, chunk)) if chunk.len() <= self.chunk_bytes => Ok(Part::new(body, 1)),
            Some((&ZSTD, frame)) => Ok(Part::new(self.decompress(frame)?, 0)),
            _ => Err(ChunkFailure::Damaged),
        }
    }

    /// Puts the chunk of `body` at the start of `into`; gives its length. One that is longer than a chunk may be is damaged.
    pub fn decode_into(&mut self, body: &[u8], into: &mut [u8]) -> Result<usize, ChunkFailure> {
        let into = into.get_mut(..self.chunk_bytes).ok_or(ChunkFailure::NoRoom)?;
        match body.split_first() {
            Some((&PLAIN, chunk)) if chunk.len() <= into.len() => {
                into[..chunk.len()].copy_from_slice(chunk);
                Ok(chunk.len())
            }
            Some((&ZSTD, frame)) => {
                self.told_bytes(frame)?;
                self.decompressor.decompress_to_buffer(frame, into).map_err(|_| ChunkFailure::Damaged)
            }
            _ => Err(ChunkFailure::Damaged),
        }
    }

    fn decompress(&mut self, frame: &[u8]) -> Result<Vec<u8>, ChunkFailure> {
        let bytes = self.told_bytes(frame)?;
        self.decompressor.decompress(frame, bytes).map_err(|_| ChunkFailure::Damaged)
    }

    /// The bytes that a zstd frame tells of, which are those of a chunk at most; these where it tells of none.
    fn told_bytes(&self, frame: &[u8]) -> Result<usize, ChunkFailure> {
        let told = get_frame_content_size(frame).map_err(|_| ChunkFailure::Damaged)?;
        let bytes = told.unwrap_or(self.chunk_bytes as u64);
        if bytes > self.chunk_bytes as u64 {
            return Err(ChunkFailure::Damaged);
        }
        Ok(bytes as usize)
    }
}

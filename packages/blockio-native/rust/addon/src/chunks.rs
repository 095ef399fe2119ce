use napi::bindgen_prelude::{AsyncTask, Buffer, Uint8Array, Uint32Array};
use napi::{Env, Error, Result, Status, Task};
use napi_derive::napi;
use sendense_chunks::{ChunkFailure, Frames, Stop, name_chunks};
use std::sync::Arc;

/// Keys and sizes of chunk work; the caller has checked them.
#[napi(object, object_to_js = false)]
pub struct NativeChunkOptions {
    /// 32 bytes.
    pub id_key: Uint8Array,
    /// 32 bytes.
    pub data_key: Uint8Array,
    pub zstd_level: i32,
    /// The most bytes that a frame may hold.
    pub chunk_bytes: u32,
    pub threads: u32,
}

/// Asks work on chunks to stop.
#[napi]
#[derive(Default)]
pub struct ChunkStop {
    stop: Arc<Stop>,
}

#[napi]
impl ChunkStop {
    #[napi(constructor, catch_unwind)]
    pub fn new() -> Self {
        Self::default()
    }

    /// The work settles after the chunks that its threads are at.
    #[napi(catch_unwind)]
    pub fn ask(&self) {
        self.stop.ask();
    }
}

/// Ids and zero flags, or why there are none.
#[napi(object, object_from_js = false)]
pub struct NamedChunks {
    /// 32 bytes a chunk.
    pub ids: Option<Buffer>,
    /// A byte a chunk: 1 when it is all zeros.
    pub zero: Option<Buffer>,
    /// One of `ChunkFailure` in `src/addon.ts`.
    pub failure: Option<&'static str>,
}

/// Chunks back to back, or why there are none.
#[napi(object, object_from_js = false)]
pub struct DecodedChunks {
    pub bytes: Option<Buffer>,
    /// One of `ChunkFailure` in `src/addon.ts`.
    pub failure: Option<&'static str>,
}

/// Lengths of what was put into memory of the caller, or why there is nothing.
#[napi(object, object_from_js = false)]
pub struct PlacedChunks {
    pub lengths: Option<Uint32Array>,
    /// One of `ChunkFailure` in `src/addon.ts`.
    pub failure: Option<&'static str>,
}

/// What is done to all chunks of a call.
struct Shared {
    id_key: [u8; 32],
    frames: Frames,
    threads: usize,
}

/// Names chunks, makes frames of them, and reads those.
#[napi]
pub struct NativeChunks {
    shared: Arc<Shared>,
}

#[napi]
impl NativeChunks {
    #[napi(constructor, catch_unwind)]
    pub fn new(options: NativeChunkOptions) -> Result<Self> {
        let NativeChunkOptions { id_key, data_key, zstd_level, chunk_bytes, threads } = options;
        let threads = threads.max(1) as usize;
        let frames = Frames::new(&key_of(&data_key)?, zstd_level, chunk_bytes as usize, threads);
        Ok(NativeChunks { shared: Arc::new(Shared { id_key: key_of(&id_key)?, frames, threads }) })
    }

    /// The id of each chunk, and whether it is all zeros.
    #[napi(catch_unwind)]
    pub fn name(&self, chunks: Vec<Uint8Array>, stop: &ChunkStop) -> AsyncTask<NameTask> {
        AsyncTask::new(NameTask { work: self.work(chunks, stop) })
    }

    /// A frame for each chunk, back to back from the start of `into`.
    #[napi(catch_unwind)]
    pub fn encode(
        &self,
        chunks: Vec<Uint8Array>,
        into: Uint8Array,
        stop: &ChunkStop,
    ) -> AsyncTask<PlaceTask> {
        AsyncTask::new(PlaceTask { work: self.work(chunks, stop), into, step: Place::Frames })
    }

    /// The chunk of each frame.
    #[napi(catch_unwind)]
    pub fn decode(&self, frames: Vec<Uint8Array>, stop: &ChunkStop) -> AsyncTask<DecodeTask> {
        AsyncTask::new(DecodeTask { work: self.work(frames, stop) })
    }

    /// The chunk of one frame, at the start of `into`; it must have this id.
    #[napi(catch_unwind)]
    pub fn decode_into(
        &self,
        frame: Uint8Array,
        id: Uint8Array,
        into: Uint8Array,
        stop: &ChunkStop,
    ) -> AsyncTask<PlaceTask> {
        AsyncTask::new(PlaceTask { work: self.work(vec![frame], stop), into, step: Place::Chunk(id) })
    }
}

impl NativeChunks {
    fn work(&self, items: Vec<Uint8Array>, stop: &ChunkStop) -> Work {
        Work { shared: Arc::clone(&self.shared), items, stop: Arc::clone(&stop.stop) }
    }
}

/// The items of one call. The caller leaves their bytes alone until its promise settles.
struct Work {
    shared: Arc<Shared>,
    items: Vec<Uint8Array>,
    stop: Arc<Stop>,
}

impl Work {
    fn bytes(&self) -> Vec<&[u8]> {
        self.items.iter().map(|item| &**item).collect()
    }
}

pub struct NameTask {
    work: Work,
}

impl Task for NameTask {
    type Output = std::result::Result<(Vec<u8>, Vec<u8>), ChunkFailure>;
    type JsValue = NamedChunks;

    fn compute(&mut self) -> Result<Self::Output> {
        let Shared { id_key, threads, .. } = &*self.work.shared;
        Ok(name_chunks(id_key, &self.work.bytes(), *threads, &self.work.stop))
    }

    fn resolve(&mut self, _: Env, output: Self::Output) -> Result<NamedChunks> {
        Ok(match output {
            Ok((ids, zero)) => NamedChunks { ids: Some(ids.into()), zero: Some(zero.into()), failure: None },
            Err(failure) => NamedChunks { ids: None, zero: None, failure: Some(word_of(failure)) },
        })
    }
}

pub struct DecodeTask {
    work: Work,
}

impl Task for DecodeTask {
    type Output = std::result::Result<Vec<u8>, ChunkFailure>;
    type JsValue = DecodedChunks;

    fn compute(&mut self) -> Result<Self::Output> {
        let parts = self.work.shared.frames.decode(&self.work.bytes(), &self.work.stop);
        Ok(parts.map(|parts| parts.iter().map(|part| &**part).collect::<Vec<_>>().concat()))
    }

    fn resolve(&mut self, _: Env, output: Self::Output) -> Result<DecodedChunks> {
        Ok(match output {
            Ok(bytes) => DecodedChunks { bytes: Some(bytes.into()), failure: None },
            Err(failure) => DecodedChunks { bytes: None, failure: Some(word_of(failure)) },
        })
    }
}

/// What is put into memory of the caller.
enum Place {
    Frames,
    /// The chunk of this id.
    Chunk(Uint8Array),
}

pub struct PlaceTask {
    work: Work,
    into: Uint8Array,
    step: Place,
}

impl Task for PlaceTask {
    type Output = std::result::Result<Vec<usize>, ChunkFailure>;
    type JsValue = PlacedChunks;

    fn compute(&mut self) -> Result<Self::Output> {
        let Work { shared, stop, .. } = &self.work;
        let items = self.work.bytes();
        // SAFETY: the caller leaves the bytes alone until the promise settles, and no item lies in them (ChunkWork in plugin-kit).
        let into = unsafe { self.into.as_mut() };
        Ok(match &self.step {
            Place::Frames => shared.frames.encode(&items, into, stop),
            Place::Chunk(id) => shared
                .frames
                .decode_into(items[0], (&shared.id_key, &**id), into, stop)
                .map(|length| vec![length]),
        })
    }

    fn resolve(&mut self, _: Env, output: Self::Output) -> Result<PlacedChunks> {
        Ok(match output {
            Ok(lengths) => {
                let lengths: Vec<u32> = lengths.into_iter().map(|length| length as u32).collect();
                PlacedChunks { lengths: Some(lengths.into()), failure: None }
            }
            Err(failure) => PlacedChunks { lengths: None, failure: Some(word_of(failure)) },
        })
    }
}

fn key_of(bytes: &[u8]) -> Result<[u8; 32]> {
    bytes.try_into().map_err(|_| Error::new(Status::InvalidArg, "a key has 32 bytes".to_owned()))
}

fn word_of(failure: ChunkFailure) -> &'static str {
    match failure {
        ChunkFailure::Damaged => "damaged",
        ChunkFailure::Misnamed => "misnamed",
        ChunkFailure::NoRoom => "no-room",
        ChunkFailure::Stopped => "stopped",
        ChunkFailure::NoRandom => "no-random",
        ChunkFailure::Panicked => "panicked",
    }
}

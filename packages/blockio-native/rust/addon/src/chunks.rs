use napi::bindgen_prelude::{AsyncTask, Buffer, Uint8Array, Uint32Array};
use napi::{Env, Error, Result, Status, Task};
use napi_derive::napi;
use sendense_chunks::{ChunkFailure, Frames, Part, Stop, name_chunks};
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

/// Frames or chunks back to back, or why there are none.
#[napi(object, object_from_js = false)]
pub struct PackedChunks {
    pub bytes: Option<Buffer>,
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

    /// A frame for each chunk.
    #[napi(catch_unwind)]
    pub fn encode(&self, chunks: Vec<Uint8Array>, stop: &ChunkStop) -> AsyncTask<FrameTask> {
        AsyncTask::new(FrameTask { work: self.work(chunks, stop), step: Frames::encode })
    }

    /// The chunk of each frame.
    #[napi(catch_unwind)]
    pub fn decode(&self, frames: Vec<Uint8Array>, stop: &ChunkStop) -> AsyncTask<FrameTask> {
        AsyncTask::new(FrameTask { work: self.work(frames, stop), step: Frames::decode })
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

type Step = fn(&Frames, &[&[u8]], &Stop) -> std::result::Result<Vec<Part>, ChunkFailure>;

pub struct FrameTask {
    work: Work,
    step: Step,
}

impl Task for FrameTask {
    type Output = std::result::Result<(Vec<u8>, Vec<u32>), ChunkFailure>;
    type JsValue = PackedChunks;

    fn compute(&mut self) -> Result<Self::Output> {
        let parts = (self.step)(&self.work.shared.frames, &self.work.bytes(), &self.work.stop);
        Ok(parts.map(|parts| {
            let lengths = parts.iter().map(|part| part.len() as u32).collect();
            let slices: Vec<&[u8]> = parts.iter().map(|part| &**part).collect();
            (slices.concat(), lengths)
        }))
    }

    fn resolve(&mut self, _: Env, output: Self::Output) -> Result<PackedChunks> {
        Ok(match output {
            Ok((bytes, lengths)) => {
                PackedChunks { bytes: Some(bytes.into()), lengths: Some(lengths.into()), failure: None }
            }
            Err(failure) => PackedChunks { bytes: None, lengths: None, failure: Some(word_of(failure)) },
        })
    }
}

fn key_of(bytes: &[u8]) -> Result<[u8; 32]> {
    bytes.try_into().map_err(|_| Error::new(Status::InvalidArg, "a key has 32 bytes".to_owned()))
}

fn word_of(failure: ChunkFailure) -> &'static str {
    match failure {
        ChunkFailure::Damaged => "damaged",
        ChunkFailure::Stopped => "stopped",
        ChunkFailure::NoRandom => "no-random",
        ChunkFailure::Panicked => "panicked",
    }
}

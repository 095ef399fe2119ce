use crate::block_file::NativeEndpoint;
use crate::failure::NativeFailure;
use napi::Env;
use napi::bindgen_prelude::{Buffer, Float64Array, Object};
use napi_derive::napi;
use sendense_blockio::{Access, Control, Failure, MoveList, Outcome, Place, Transfer, Zeros, contained};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

/// What to move.
#[napi(object, object_to_js = false)]
pub struct NativeTransferRequest {
    pub from: Vec<NativeEndpoint>,
    pub to: NativeEndpoint,
    /// `[from index, source, destination, length]` repeated.
    pub moves: Float64Array,
    pub digest: bool,
    pub piece_bytes: u32,
    pub zeros: ZeroAction,
    /// Whether large writes of a file go past the page cache.
    pub past_cache: bool,
    /// Bytes that a thread holds.
    pub window_bytes: u32,
    pub threads: u32,
}

/// What becomes of zeros.
#[napi(string_enum = "lowercase")]
pub enum ZeroAction {
    Skip,
    Write,
    Pack,
}

/// What a transfer found, or why it failed.
#[napi(object, object_from_js = false)]
pub struct NativeTransferResult {
    /// 32 bytes a move.
    pub digests: Option<Buffer>,
    /// `[move, start, length]` repeated.
    pub zeros: Option<Float64Array>,
    pub failure: Option<NativeFailure>,
}

/// Watches and stops one transfer.
#[napi]
#[derive(Default)]
pub struct TransferControl {
    control: Arc<Control>,
}

#[napi]
impl TransferControl {
    #[napi(constructor, catch_unwind)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the transfer to stop; its promise settles when nothing is under way any more.
    #[napi(catch_unwind)]
    pub fn cancel(&self) {
        self.control.cancel();
    }

    /// Bytes moved so far.
    #[napi(getter, catch_unwind)]
    pub fn done(&self) -> f64 {
        self.control.done() as f64
    }
}

/// A transfer under way: how to stop it, and its thread once that is known.
struct Running {
    control: Arc<Control>,
    thread: Option<JoinHandle<()>>,
}

impl TransferControl {
    pub fn shared(&self) -> Arc<Control> {
        self.control.clone()
    }
}

type Registry = Arc<Mutex<HashMap<u64, Running>>>;

/// The transfers of one JavaScript environment. They end with it: when a worker is terminated, its transfers are stopped
/// and waited for, so that nothing is written on behalf of somebody who is gone.
#[napi]
pub struct TransferHost {
    registry: Registry,
    count: Mutex<u64>,
}

#[napi]
impl TransferHost {
    #[napi(constructor, catch_unwind)]
    pub fn new(env: Env) -> napi::Result<Self> {
        let registry = Registry::default();
        env.add_env_cleanup_hook(registry.clone(), |registry| end_all(&registry))?;
        Ok(TransferHost { registry, count: Mutex::new(0) })
    }

    /// How many transfers are under way.
    #[napi(getter, catch_unwind)]
    pub fn running(&self) -> u32 {
        u32::try_from(locked(&self.registry).len()).unwrap_or(u32::MAX)
    }

    /// Runs a transfer on threads of its own. The promise never rejects: it resolves to a result or a failure.
    #[napi(catch_unwind, ts_return_type = "Promise<NativeTransferResult>")]
    pub fn start<'env>(
        &self,
        env: &'env Env,
        request: NativeTransferRequest,
        control: &TransferControl,
    ) -> napi::Result<Object<'env>> {
        let (deferred, promise) = env.create_deferred()?;
        let key = {
            let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
            *count += 1;
            *count
        };
        let control = control.control.clone();
        let running = Running { control: control.clone(), thread: None };
        locked(&self.registry).insert(key, running);
        let registry = self.registry.clone();
        let moves = request.moves.to_vec();
        let task = Task {
            from: request.from,
            to: request.to,
            moves,
            settings: Settings {
                digest: request.digest,
                piece_bytes: request.piece_bytes as usize,
                zeros: match request.zeros {
                    ZeroAction::Skip => Zeros::Skip,
                    ZeroAction::Write => Zeros::Write,
                    ZeroAction::Pack => Zeros::Pack,
                },
                past_cache: request.past_cache,
                window_bytes: request.window_bytes as usize,
                threads: request.threads as usize,
            },
        };
        let work = move || {
            let digest = task.settings.digest;
            let result = contained(|| task.run(control));
            locked(&registry).remove(&key);
            deferred.resolve(move |_: Env| Ok(native_result(result, digest)));
        };
        let thread = Builder::new().name("sendense-blockio".into()).spawn(work);
        let thread = thread.inspect_err(|_| {
            locked(&self.registry).remove(&key);
        })?;
        // it may have ended already
        if let Some(running) = locked(&self.registry).get_mut(&key) {
            running.thread = Some(thread);
        }
        Ok(promise)
    }
}

struct Settings {
    digest: bool,
    piece_bytes: usize,
    zeros: Zeros,
    past_cache: bool,
    window_bytes: usize,
    threads: usize,
}

struct Task {
    from: Vec<NativeEndpoint>,
    to: NativeEndpoint,
    moves: Vec<f64>,
    settings: Settings,
}

impl Task {
    fn run(&self, control: Arc<Control>) -> Result<Outcome, Failure> {
        let moves = MoveList::unpack(&self.moves)?;
        let mut sources = Vec::with_capacity(self.from.len());
        for (index, endpoint) in self.from.iter().enumerate() {
            let source = endpoint.open_disk(Access::Read, &control);
            sources.push(source.map_err(|failure| failure.at(Place::Source(index)))?);
        }
        let target = self.to.open_disk(Access::ReadWrite, &control);
        let target = target.map_err(|failure| failure.at(Place::Target))?;
        let Settings { digest, piece_bytes, zeros, past_cache, window_bytes, threads } = self.settings;
        let target = if past_cache { target.past_cache() } else { target };
        Transfer { sources, target, moves, piece_bytes, zeros, digest, window_bytes, threads, control }.run()
    }
}

fn native_result(result: Result<Outcome, Failure>, digest: bool) -> NativeTransferResult {
    match result {
        Err(failure) => NativeTransferResult { digests: None, zeros: None, failure: Some(failure.into()) },
        Ok(outcome) => {
            let slots =
                |run: &sendense_blockio::ZeroRun| [run.index as f64, run.start as f64, run.length as f64];
            let zeros: Vec<f64> = outcome.zeros.iter().flat_map(slots).collect();
            let digests = digest.then(|| outcome.digests.into());
            NativeTransferResult { digests, zeros: Some(zeros.into()), failure: None }
        }
    }
}

fn locked(registry: &Registry) -> MutexGuard<'_, HashMap<u64, Running>> {
    registry.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Stops every transfer and waits for its thread.
fn end_all(registry: &Registry) {
    let ended: Vec<Running> = locked(registry).drain().map(|(_, running)| running).collect();
    for running in &ended {
        running.control.cancel();
    }
    for thread in ended.into_iter().filter_map(|running| running.thread) {
        let _ = thread.join();
    }
}

use crate::block_file::{ListedExtents, Outcome, Reached, packed};
use crate::failure::NativeFailure;
use crate::nbd_export::NativeExport;
use crate::transfer::TransferControl;
use napi::bindgen_prelude::{Object, Uint8Array};
use napi::{Env, Result};
use napi_derive::napi;
use sendense_blockio::nbd::{Call, Client, Reply};
use sendense_blockio::{Control, contained};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::{Builder, JoinHandle};

/// An open export. Its calls are done on threads of its own, side by side.
#[napi]
pub struct NativeClient {
    client: Arc<Client>,
}

/// An export, or why there is none.
#[napi(object, object_from_js = false)]
pub struct OpenedClient {
    pub client: Option<NativeClient>,
    pub failure: Option<NativeFailure>,
}

/// What of one JavaScript environment ends with it.
#[derive(Default)]
struct Living {
    opening: Vec<(Arc<Control>, JoinHandle<()>)>,
    clients: Vec<Weak<Client>>,
}

/// The open exports of one JavaScript environment. They end with it, before anything of it is gone.
#[napi]
pub struct ClientHost {
    living: Arc<Mutex<Living>>,
}

#[napi]
impl ClientHost {
    #[napi(constructor, catch_unwind)]
    pub fn new(env: Env) -> Result<Self> {
        let living = Arc::<Mutex<Living>>::default();
        env.add_env_cleanup_hook(living.clone(), |living| end_all(&living))?;
        Ok(ClientHost { living })
    }

    /// Connects. The promise never rejects.
    #[napi(catch_unwind, ts_return_type = "Promise<OpenedClient>")]
    pub fn open<'env>(
        &self,
        env: &'env Env,
        export: NativeExport,
        connections: u32,
        control: &TransferControl,
    ) -> Result<Object<'env>> {
        let (deferred, promise) = env.create_deferred()?;
        let control = control.shared();
        let (living, stop) = (self.living.clone(), control.clone());
        let work = move || {
            let open = || Client::open(&export.endpoint()?, connections as usize, &stop).map(Arc::new);
            let opened = contained(open);
            if let Ok(client) = &opened {
                locked(&living).clients.push(Arc::downgrade(client));
            }
            deferred.resolve(move |_: Env| {
                Ok(match opened {
                    Ok(client) => OpenedClient { client: Some(NativeClient { client }), failure: None },
                    Err(failure) => OpenedClient { client: None, failure: Some(failure.into()) },
                })
            });
        };
        let thread = Builder::new().name("sendense-nbd".into()).spawn(work)?;
        let mut living = locked(&self.living);
        living.opening.retain(|(_, thread)| !thread.is_finished());
        living.clients.retain(|client| client.strong_count() > 0);
        living.opening.push((control, thread));
        Ok(promise)
    }
}

fn locked(living: &Mutex<Living>) -> std::sync::MutexGuard<'_, Living> {
    living.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends what connects and what is open, and waits for that.
fn end_all(living: &Mutex<Living>) {
    let opening = std::mem::take(&mut locked(living).opening);
    for (control, thread) in opening {
        control.cancel();
        let _ = thread.join();
    }
    let clients = std::mem::take(&mut locked(living).clients);
    for client in clients.iter().filter_map(Weak::upgrade) {
        client.end();
    }
}

#[napi]
impl NativeClient {
    #[napi(getter, catch_unwind)]
    pub fn size(&self) -> f64 {
        self.client.size() as f64
    }

    /// Reads and writes begin and end on multiples of this, or at the end.
    #[napi(getter, catch_unwind)]
    pub fn alignment(&self) -> u32 {
        self.client.alignment()
    }

    #[napi(getter, catch_unwind)]
    pub fn read_only(&self) -> bool {
        self.client.is_read_only()
    }

    /// Whether writes can be made durable: by `flush`, or each by itself.
    #[napi(getter, catch_unwind)]
    pub fn durable(&self) -> bool {
        self.client.can_flush()
    }

    /// Whether another connection sees what is written here, and the other way round.
    #[napi(getter, catch_unwind)]
    pub fn shared(&self) -> bool {
        self.client.is_shared()
    }

    /// Whether the server tells which ranges are zeros.
    #[napi(getter, catch_unwind)]
    pub fn tells_zeros(&self) -> bool {
        self.client.tells_zeros()
    }

    /// Fills `into` from `offset`, unless `control` was cancelled meanwhile: it is left alone then.
    #[napi(catch_unwind, ts_return_type = "Promise<Reached>")]
    pub fn read<'env>(
        &self,
        env: &'env Env,
        offset: f64,
        mut into: Uint8Array,
        control: &TransferControl,
    ) -> Result<Object<'env>> {
        let call = Call::Read { offset: offset as u64, length: into.len() };
        let control = control.shared();
        self.call(env, call, move |reply| {
            let Reply { buffer, .. } = reply?;
            // the caller may have given up by now, and then uses its bytes for something else
            if let (Some(buffer), Ok(())) = (buffer, control.check()) {
                let length = into.len();
                // SAFETY: this runs on the thread of JavaScript, which does nothing else meanwhile.
                unsafe { into.as_mut() }.copy_from_slice(&buffer[..length]);
            }
            Ok(())
        })
    }

    /// Writes `data` at `offset`.
    #[napi(catch_unwind, ts_return_type = "Promise<Reached>")]
    pub fn write<'env>(&self, env: &'env Env, offset: f64, data: Uint8Array) -> Result<Object<'env>> {
        let data = Box::new(data);
        self.call(env, Call::Write { offset: offset as u64, data }, |reply| reply.map(drop))
    }

    /// Makes a range zeros.
    #[napi(catch_unwind, ts_return_type = "Promise<Reached>")]
    pub fn zero<'env>(&self, env: &'env Env, offset: f64, length: f64) -> Result<Object<'env>> {
        let call = Call::Zero { offset: offset as u64, length: length as u64 };
        self.call(env, call, |reply| reply.map(drop))
    }

    /// Makes all that was written durable.
    #[napi(catch_unwind, ts_return_type = "Promise<Reached>")]
    pub fn flush<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        self.call(env, Call::Flush, |reply| reply.map(drop))
    }

    /// Zeros and data of a range, about as many extents as `limit`.
    #[napi(catch_unwind, ts_return_type = "Promise<ListedExtents>")]
    pub fn extents<'env>(
        &self,
        env: &'env Env,
        offset: f64,
        length: f64,
        limit: u32,
    ) -> Result<Object<'env>> {
        let (offset, end) = (offset as u64, (offset + length) as u64);
        let (deferred, promise) = env.create_deferred()?;
        let call = Call::Extents { offset, end, limit: limit.max(1) as usize };
        let answer = move |reply: Outcome<Reply>| {
            deferred.resolve(move |_: Env| {
                let (extents, failure) = match reply {
                    Ok(reply) => (reply.extents, None),
                    Err(failure) => (Vec::new(), Some(failure.into())),
                };
                Ok(ListedExtents { packed: packed(&extents).into(), failure })
            });
        };
        self.client.submit(call, Box::new(answer));
        Ok(promise)
    }

    /// Ends the connections; calls under way fail. Harmless when repeated.
    #[napi(catch_unwind)]
    pub fn close(&self) {
        self.client.close();
    }
}

impl NativeClient {
    /// A call that gives nothing, or a failure; `settle` runs on the thread of JavaScript.
    fn call<'env>(
        &self,
        env: &'env Env,
        call: Call,
        settle: impl FnOnce(Outcome<Reply>) -> Outcome<()> + Send + 'static,
    ) -> Result<Object<'env>> {
        let (deferred, promise) = env.create_deferred()?;
        let answer = move |reply: Outcome<Reply>| {
            deferred.resolve(move |_: Env| {
                Ok(Reached { end: 0.0, failure: settle(reply).err().map(NativeFailure::from) })
            });
        };
        self.client.submit(call, Box::new(answer));
        Ok(promise)
    }
}

use crate::failure::NativeFailure;
use crate::nbd_export::NativeExport;
use napi::bindgen_prelude::{AsyncTask, Float64Array, Uint8Array};
use napi::{Env, Result, Task};
use napi_derive::napi;
use sendense_blockio::nbd::NbdExport;
use sendense_blockio::{Access, BlockFile, Cause, Control, Disk, Extent, Extents, Failure, Kind, contained};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// A file or block device of this machine, or an export of an NBD server.
#[napi(object, object_to_js = false)]
pub struct NativeEndpoint {
    /// Of a file or device.
    pub path: String,
    /// Whether it is named as a block device.
    pub device: bool,
    /// The export; `path` then means nothing.
    pub nbd: Option<NativeExport>,
}

impl NativeEndpoint {
    pub fn open(&self, access: Access) -> Outcome<BlockFile> {
        let kind = if self.device { Kind::Device } else { Kind::File };
        BlockFile::open(&PathBuf::from(&self.path), kind, access)
    }

    /// Opens it for a transfer, which `control` may stop.
    pub fn open_disk(&self, access: Access, control: &Control) -> Outcome<Disk> {
        match &self.nbd {
            Some(export) => Ok(NbdExport::open(export.endpoint()?, control)?.into()),
            None => Ok(self.open(access)?.into()),
        }
    }
}

/// An open file or block device. Calls under way keep it open past `close`.
#[napi]
pub struct NativeFile {
    file: Mutex<Option<Arc<BlockFile>>>,
    size: f64,
}

/// A file, or why there is none.
#[napi(object, object_from_js = false)]
pub struct OpenedFile {
    pub file: Option<NativeFile>,
    pub failure: Option<NativeFailure>,
}

/// Extents packed `[offset, length, 1 when a hole]`, or why there are none.
#[napi(object, object_from_js = false)]
pub struct ListedExtents {
    pub packed: Float64Array,
    pub failure: Option<NativeFailure>,
}

/// How far a call came, or why it failed.
#[napi(object, object_from_js = false)]
pub struct Reached {
    pub end: f64,
    pub failure: Option<NativeFailure>,
}

pub type Outcome<T> = std::result::Result<T, Failure>;

pub struct OpenTask {
    endpoint: NativeEndpoint,
    access: Access,
}

impl Task for OpenTask {
    type Output = Outcome<BlockFile>;
    type JsValue = OpenedFile;

    fn compute(&mut self) -> Result<Self::Output> {
        Ok(contained(|| self.endpoint.open(self.access)))
    }

    fn resolve(&mut self, _: Env, output: Self::Output) -> Result<OpenedFile> {
        Ok(match output {
            Ok(file) => {
                let size = file.size() as f64;
                let file = NativeFile { file: Mutex::new(Some(Arc::new(file))), size };
                OpenedFile { file: Some(file), failure: None }
            }
            Err(failure) => OpenedFile { file: None, failure: Some(failure.into()) },
        })
    }
}

/// Opens a file or block device without changing a byte of it.
#[napi(catch_unwind)]
pub fn open_file(endpoint: NativeEndpoint, writable: bool) -> AsyncTask<OpenTask> {
    let access = if writable { Access::ReadWrite } else { Access::Read };
    AsyncTask::new(OpenTask { endpoint, access })
}

/// One call on an open file, made on a thread of libuv.
pub struct FileTask<Work> {
    file: Option<Arc<BlockFile>>,
    work: Work,
}

impl<Work: FileWork> FileTask<Work> {
    fn run(&mut self) -> Outcome<Work::Done> {
        // the file was closed before: EBADF, as the kernel would say
        let file = self.file.take().ok_or(Failure::new(Cause::System(EBADF)))?;
        contained(|| self.work.run(&file))
    }
}

const EBADF: i32 = 9;

pub trait FileWork: Send {
    type Done: Send + 'static;
    fn run(&mut self, file: &BlockFile) -> Outcome<Self::Done>;
}

pub struct ListExtents {
    offset: u64,
    end: u64,
    limit: usize,
}

impl FileWork for ListExtents {
    type Done = Extents;

    fn run(&mut self, file: &BlockFile) -> Outcome<Extents> {
        file.extents(self.offset, self.end, self.limit)
    }
}

impl Task for FileTask<ListExtents> {
    type Output = Outcome<Extents>;
    type JsValue = ListedExtents;

    fn compute(&mut self) -> Result<Self::Output> {
        Ok(self.run())
    }

    fn resolve(&mut self, _: Env, output: Self::Output) -> Result<ListedExtents> {
        let (extents, failure) = match output {
            Ok(found) => (found.extents, None),
            Err(failure) => (Vec::new(), Some(failure.into())),
        };
        Ok(ListedExtents { packed: packed(&extents).into(), failure })
    }
}

/// Extents as they cross.
pub fn packed(extents: &[Extent]) -> Vec<f64> {
    let slots =
        |extent: &Extent| [extent.offset as f64, extent.length as f64, f64::from(u8::from(extent.hole))];
    extents.iter().flat_map(slots).collect()
}

/// What a call does with bytes of the caller, or with none.
pub enum Step {
    Read(u64, Uint8Array),
    Write(u64, Uint8Array),
    Zero(u64, u64),
    Sync,
}

impl FileWork for Step {
    type Done = u64;

    fn run(&mut self, file: &BlockFile) -> Outcome<u64> {
        match self {
            // SAFETY: the caller leaves the bytes alone until the promise settles (the contract of BlockReader.read).
            Step::Read(offset, into) => file.read(*offset, unsafe { into.as_mut() }).map(|()| 0),
            Step::Write(offset, data) => file.write(*offset, data).map(|()| 0),
            Step::Zero(offset, length) => file.zero(*offset, *length),
            Step::Sync => file.sync().map(|()| 0),
        }
    }
}

impl Task for FileTask<Step> {
    type Output = Outcome<u64>;
    type JsValue = Reached;

    fn compute(&mut self) -> Result<Self::Output> {
        Ok(self.run())
    }

    fn resolve(&mut self, _: Env, output: Self::Output) -> Result<Reached> {
        Ok(match output {
            Ok(end) => Reached { end: end as f64, failure: None },
            Err(failure) => Reached { end: 0.0, failure: Some(failure.into()) },
        })
    }
}

#[napi]
impl NativeFile {
    /// Bytes of the file or device when it was opened.
    #[napi(getter, catch_unwind)]
    pub fn size(&self) -> f64 {
        self.size
    }

    /// Holes and data of a range, at most `limit` extents of it.
    #[napi(catch_unwind)]
    pub fn extents(&self, offset: f64, length: f64, limit: u32) -> AsyncTask<FileTask<ListExtents>> {
        let (offset, end) = (offset as u64, (offset + length) as u64);
        self.task(ListExtents { offset, end, limit: limit.max(1) as usize })
    }

    /// Fills `into` from `offset`.
    #[napi(catch_unwind)]
    pub fn read(&self, offset: f64, into: Uint8Array) -> AsyncTask<FileTask<Step>> {
        self.task(Step::Read(offset as u64, into))
    }

    /// Writes `data` at `offset`.
    #[napi(catch_unwind)]
    pub fn write(&self, offset: f64, data: Uint8Array) -> AsyncTask<FileTask<Step>> {
        self.task(Step::Write(offset as u64, data))
    }

    /// Makes the first part of a range zeros; resolves with where that part ends.
    #[napi(catch_unwind)]
    pub fn zero(&self, offset: f64, length: f64) -> AsyncTask<FileTask<Step>> {
        self.task(Step::Zero(offset as u64, length as u64))
    }

    /// Makes all that was written durable.
    #[napi(catch_unwind)]
    pub fn sync(&self) -> AsyncTask<FileTask<Step>> {
        self.task(Step::Sync)
    }

    /// Closes the file as soon as no call is under way. Harmless when repeated.
    #[napi(catch_unwind)]
    pub fn close(&self) {
        self.file.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl NativeFile {
    fn task<Work>(&self, work: Work) -> AsyncTask<FileTask<Work>>
    where
        FileTask<Work>: Task,
    {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner).clone();
        AsyncTask::new(FileTask { file, work })
    }
}

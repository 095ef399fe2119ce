//! Stops while a server owes answers to changes: what it has not answered it may still do.

use crate::nbd::codes::Style;
use crate::nbd::fake_server::{FakeServer, Manners, nobody_stops, tell};
use crate::nbd::{Call, Client, Endpoint, NbdExport};
use crate::scratch::Scratch;
use crate::{Access, BlockFile, Cause, Control, Disk, Failure, Kind, MoveList, Place, Transfer, Zeros};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

const SIZE: u64 = 8 * 1024 * 1024;
/// Far below the patience of any endpoint here, and generous for a busy machine.
const SOON: Duration = Duration::from_secs(2);

/// Requests that came to a server, and those that it answered.
type Counts = [AtomicUsize; 2];

/// Stops once as many requests have come.
fn stop_after(
    requests: usize,
    counts: &'static Counts,
    control: &Arc<Control>,
) -> thread::JoinHandle<Instant> {
    let control = control.clone();
    thread::spawn(move || {
        while counts[0].load(Ordering::SeqCst) < requests {
            thread::sleep(Duration::from_millis(1));
        }
        control.cancel();
        Instant::now()
    })
}

/// Of a file that is full of data.
fn disk(scratch: &Scratch) -> Disk {
    let path = scratch.file("from", &vec![1; SIZE as usize]);
    BlockFile::open(&path, Kind::File, Access::Read).unwrap().into()
}

/// Fills `length` bytes of an export from a file.
fn fill(to: Endpoint, length: u64, source: Disk, control: Arc<Control>) -> Result<(), Failure> {
    let target = NbdExport::open(to, &*control).unwrap().into();
    let transfer = Transfer {
        sources: vec![source],
        target,
        moves: MoveList::unpack(&[0.0, 0.0, 0.0, length as f64]).unwrap(),
        piece_bytes: 65_536,
        zeros: Zeros::Skip,
        digest: false,
        window_bytes: 1024 * 1024,
        threads: 2,
        control,
    };
    transfer.run().map(drop)
}

#[test]
fn a_transfer_to_a_server_that_is_silent_or_takes_nothing_ends_soon_after_a_stop_and_says_what_is_open() {
    static COUNTS: [Counts; 2] = [const { [AtomicUsize::new(0), AtomicUsize::new(0)] }; 2];
    let honest = |at: usize| Manners { counts: Some(&COUNTS[at]), ..Manners::honest(Style::Structured) };
    let silent = Manners { silent_after: 3, ..honest(0) };
    let deaf = Manners { deaf_after: 3, ..honest(1) };
    for (manners, requests, counts) in [(silent, 8, &COUNTS[0]), (deaf, 3, &COUNTS[1])] {
        let (server, scratch, control) = (FakeServer::start(manners), Scratch::new(), nobody_stops());
        let stopped = stop_after(requests, counts, &control);
        let ended = fill(server.fleeting(), SIZE, disk(&scratch), control);
        assert!(stopped.join().unwrap().elapsed() < SOON);
        assert_eq!(ended, Err(Failure::new(Cause::Abandoned).left_open()));
    }
}

#[test]
fn a_transfer_that_is_stopped_waits_for_the_answers_of_a_server_that_gives_them() {
    static COUNTS: Counts = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let slow = Duration::from_millis(100);
    let server =
        FakeServer::start(Manners { slow, counts: Some(&COUNTS), ..Manners::honest(Style::Structured) });
    // the stop comes while more is to be sent, and while only an answer is due
    for length in [SIZE, 128 * 1024] {
        let (scratch, control) = (Scratch::new(), nobody_stops());
        let stopping = stop_after(COUNTS[0].load(Ordering::SeqCst) + 1, &COUNTS, &control);
        let ended = fill(server.endpoint(), length, disk(&scratch), control);
        let [came, answered] = [&COUNTS[0], &COUNTS[1]].map(|count| count.load(Ordering::SeqCst));
        stopping.join().unwrap();
        // nothing is open: all that was sent was answered
        assert_eq!(ended, Err(Failure::new(Cause::Aborted)));
        assert_eq!(came, answered);
    }
}

#[test]
fn a_failure_elsewhere_is_told_as_it_is_once_the_target_has_answered() {
    let slow = Duration::from_millis(20);
    let server = FakeServer::start(Manners { slow, ..Manners::honest(Style::Simple) });
    let scratch = Scratch::new();
    let source = disk(&scratch);
    let file = std::fs::File::options().write(true).open(scratch.path("from")).unwrap();
    file.set_len(SIZE / 2).unwrap();
    let ended = fill(server.fleeting(), SIZE, source, nobody_stops());
    let told = ended.map_err(|failure| (failure.cause, failure.open));
    assert_eq!(told, Err((Cause::Shortened, false)));
}

#[test]
fn a_transfer_whose_target_hangs_up_or_falls_silent_says_that_changes_are_open() {
    let gone = Manners { silent_after: 3, gone_after: 4, ..Manners::honest(Style::Structured) };
    let server = FakeServer::start(gone);
    let scratch = Scratch::new();
    let failure = fill(server.endpoint(), SIZE, disk(&scratch), nobody_stops()).unwrap_err();
    assert!(matches!(failure.cause, Cause::System(_)), "{failure:?}");
    assert_eq!((failure.place, failure.open), (Some(Place::Target), true));

    let silent = Manners { silent_after: 3, ..Manners::honest(Style::Simple) };
    let server = FakeServer::start(silent);
    let failure = fill(server.hasty(200), SIZE, disk(&scratch), nobody_stops()).unwrap_err();
    assert_eq!((failure.cause, failure.open), (Cause::Silent, true));
}

#[test]
fn a_transfer_whose_source_fails_says_whether_its_target_has_answered() {
    let target = FakeServer::start(Manners { silent_after: 1, ..Manners::honest(Style::Structured) });
    let source = FakeServer::start(Manners { gone_after: 9, ..Manners::honest(Style::Structured) });
    let source = NbdExport::open(source.endpoint(), &*nobody_stops()).unwrap().into();
    let failure = fill(target.hasty(500), SIZE, source, nobody_stops()).unwrap_err();
    assert_eq!((failure.place, failure.open), (Some(Place::Source(0)), true));
}

#[test]
fn a_client_whose_server_hangs_up_says_which_calls_may_have_been_done() {
    let server = FakeServer::start(Manners { gone_after: 0, ..Manners::honest(Style::Structured) });
    let client = Client::open(&server.endpoint(), 1, &nobody_stops()).unwrap();
    let (sender, receiver) = mpsc::channel();
    client.submit(Call::Write { offset: 0, data: Box::new(vec![1_u8; 4096]) }, tell(sender.clone()));
    let open = |receiver: &mpsc::Receiver<Result<(), Failure>>| {
        receiver.recv_timeout(SOON).expect("an answer comes").unwrap_err().open
    };
    assert!(open(&receiver));
    // nothing of it was sent
    client.submit(Call::Write { offset: 0, data: Box::new(vec![1_u8; 4096]) }, tell(sender));
    assert!(!open(&receiver));
}

#[test]
fn a_client_that_is_closed_answers_a_write_that_nobody_takes_and_lets_its_bytes_go() {
    let server = FakeServer::start(Manners { deaf_after: 0, ..Manners::honest(Style::Structured) });
    let client = Client::open(&server.endpoint(), 1, &nobody_stops()).unwrap();
    let (sender, receiver) = mpsc::channel();
    let bytes = Arc::new(vec![1_u8; 4 * 1024 * 1024]);
    let data = Box::new(Shared(bytes.clone()));
    client.submit(Call::Write { offset: 0, data }, tell(sender));
    thread::sleep(Duration::from_millis(100));
    assert_eq!(Arc::strong_count(&bytes), 2);
    client.close();
    let answer = receiver.recv_timeout(SOON).expect("an answer comes");
    assert_eq!(answer, Err(Failure::new(Cause::Aborted).left_open()));
    client.end();
    assert_eq!(Arc::strong_count(&bytes), 1);
}

struct Shared(Arc<Vec<u8>>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[test]
fn a_panic_in_the_thread_of_a_connection_answers_every_call_and_ends_nothing_else() {
    struct Panics;
    impl AsRef<[u8]> for Panics {
        fn as_ref(&self) -> &[u8] {
            panic!("on purpose")
        }
    }
    let server = FakeServer::start(Manners { silent_after: 0, ..Manners::honest(Style::Structured) });
    let client = Client::open(&server.endpoint(), 1, &nobody_stops()).unwrap();
    let (sender, receiver) = mpsc::channel();
    client.submit(Call::Read { offset: 0, length: 512 }, tell(sender.clone()));
    client.submit(Call::Write { offset: 0, data: Box::new(Panics) }, tell(sender.clone()));
    let answers: Vec<_> = (0..2).map(|_| receiver.recv_timeout(SOON).expect("an answer comes")).collect();
    assert_eq!(answers, [Err(Failure::new(Cause::Panicked)); 2]);
    client.submit(Call::Flush, tell(sender));
    assert_eq!(receiver.recv_timeout(SOON), Ok(Err(Failure::new(Cause::Panicked))));
}

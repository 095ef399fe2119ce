use crate::nbd::codes::{Command, Style};
use crate::nbd::connection::Connection;
use crate::nbd::fake_server::{FakeServer, Manners, byte_at, nobody_stops, tell};
use crate::nbd::{Call, Client, Endpoint, NbdExport, Reply};
use crate::scratch::Scratch;
use crate::{
    Access, AlignedBuffer, BlockFile, Cause, Control, Disk, Failure, Kind, MoveList, Place, Transfer, Zeros,
};
use std::fs;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

const STYLES: [Style; 3] = [Style::Simple, Style::Structured, Style::Extended];
const SIZE: u64 = 8 * 1024 * 1024;

fn failure_of<T>(result: Result<T, Failure>) -> Cause {
    result.err().expect("this fails").cause
}

fn content() -> Vec<u8> {
    (0..SIZE).map(byte_at).collect()
}

#[test]
fn reads_the_same_bytes_in_every_style_and_order() {
    for style in STYLES {
        for backwards in [false, true] {
            let server = FakeServer::start(Manners { backwards, ..Manners::honest(style) });
            let stop = nobody_stops();
            let mut connection = Connection::open(&server.endpoint(), &*stop).unwrap();
            let (offset, length) = (512_u64, 3 * 1024 * 1024 + 512);
            let buffer = AlignedBuffer::new(length).unwrap();
            let ticket = connection.begin_read(offset, length, buffer, &*stop).unwrap();
            // so that the last answer is not held back
            let other = connection.begin_read(0, 512, AlignedBuffer::new(512).unwrap(), &*stop).unwrap();
            if connection.underway() % 2 == 1 {
                connection.begin_read(0, 512, AlignedBuffer::new(512).unwrap(), &*stop).unwrap();
            }
            let buffer = connection.finish(ticket, &*stop).unwrap().buffer.unwrap();
            assert!(buffer[..] == content()[offset as usize..][..length], "{style:?} {backwards}");
            connection.finish(other, &*stop).unwrap();
        }
    }
}

#[test]
fn keeps_to_the_sizes_of_the_server() {
    let sizes = Some((4096, 8192, 20_480));
    let server = FakeServer::start(Manners { sizes, ..Manners::honest(Style::Structured) });
    let stop = nobody_stops();
    let mut connection = Connection::open(&server.endpoint(), &*stop).unwrap();
    assert_eq!(connection.session.sizes.request_bytes(256 * 1024), 16_384);
    let mut read = |offset, length| {
        let buffer = AlignedBuffer::new(length).unwrap();
        let ticket = connection.begin_read(offset, length, buffer, &*stop)?;
        connection.finish(ticket, &*stop)
    };
    assert!(read(4096, 200 * 4096).is_ok());
    assert_eq!(failure_of(read(512, 4096)), Cause::Unaligned);
    assert_eq!(failure_of(read(0, 512)), Cause::Unaligned);
    assert_eq!(failure_of(read(SIZE, 4096)), Cause::Unaligned);
    assert_eq!(failure_of(read(u64::MAX - 4095, 4096)), Cause::Unaligned);
}

#[test]
fn stops_within_a_tenth_of_a_second_at_a_server_that_is_silent() {
    for silent_after in [0, 3] {
        let server = FakeServer::start(Manners { silent_after, ..Manners::honest(Style::Structured) });
        let stop = nobody_stops();
        let mut connection = Connection::open(&server.endpoint(), &*stop).unwrap();
        let length = 2 * 1024 * 1024;
        let buffer = AlignedBuffer::new(length).unwrap();
        let ticket = connection.begin_read(0, length, buffer, &*stop).unwrap();
        let other = stop.clone();
        let canceller = thread::spawn(move || {
            thread::sleep(Duration::from_millis(50));
            other.cancel();
            Instant::now()
        });
        assert_eq!(failure_of(connection.finish(ticket, &*stop)), Cause::Aborted);
        // the bound is that of one slice, and generous for a busy machine
        assert!(canceller.join().unwrap().elapsed() < Duration::from_secs(2));
    }
}

#[test]
fn gives_up_on_a_server_that_is_silent_for_too_long() {
    let server = FakeServer::start(Manners { silent_after: 0, ..Manners::honest(Style::Simple) });
    let stop = nobody_stops();
    let mut connection = Connection::open(&server.hasty(150), &*stop).unwrap();
    let ticket = connection.begin_read(0, 512, AlignedBuffer::new(512).unwrap(), &*stop).unwrap();
    assert_eq!(failure_of(connection.finish(ticket, &*stop)), Cause::Silent);
    let client = Client::open(&server.hasty(150), 1, &nobody_stops()).unwrap();
    assert_eq!(failure_of(ask(&client, Call::Read { offset: 0, length: 512 })), Cause::Silent);
    // and on one that does not let us in
    let scratch = Scratch::new();
    let path = scratch.path("mute");
    let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let mute = Endpoint { address: crate::nbd::Address::Unix(path), ..server.hasty_at_once(150) };
    assert_eq!(failure_of(Connection::open(&mute, &*stop)), Cause::NotInTime);
}

#[test]
fn says_that_a_server_hung_up() {
    let server = FakeServer::start(Manners { gone_after: 2, ..Manners::honest(Style::Extended) });
    let stop = nobody_stops();
    let mut connection = Connection::open(&server.endpoint(), &*stop).unwrap();
    let length = 4 * 1024 * 1024;
    let buffer = AlignedBuffer::new(length).unwrap();
    let read = connection.begin_read(0, length, buffer, &*stop);
    let result = read.and_then(|ticket| connection.finish(ticket, &*stop));
    assert!(matches!(failure_of(result), Cause::System(libc::ECONNRESET | libc::EPIPE)));
}

#[test]
fn lists_zeros_and_data_over_a_whole_export() {
    for style in [Style::Structured, Style::Extended] {
        let server = FakeServer::start(Manners::honest(style));
        let client = Client::open(&server.endpoint(), 2, &nobody_stops()).unwrap();
        let (mut at, mut zeros) = (700, 0);
        while at < SIZE - 9 {
            let found = ask(&client, Call::Extents { offset: at, end: SIZE - 9, limit: 7 }).unwrap();
            for extent in found.extents {
                assert_eq!(extent.offset, at);
                at += extent.length;
                zeros += if extent.hole { extent.length } else { 0 };
            }
        }
        assert_eq!((at, zeros), (SIZE - 9, SIZE / 4 - 700));
    }
}

fn ask(client: &Client, call: Call) -> Result<Reply, Failure> {
    let (sender, receiver) = mpsc::channel();
    client.submit(call, Box::new(move |reply| _ = sender.send(reply)));
    receiver.recv_timeout(Duration::from_secs(20)).expect("an answer comes")
}

#[test]
fn answers_every_call_once_also_when_it_is_closed() {
    let server = FakeServer::start(Manners { silent_after: 5, ..Manners::honest(Style::Structured) });
    let client = Client::open(&server.endpoint(), 2, &nobody_stops()).unwrap();
    let (sender, receiver) = mpsc::channel();
    for index in 0..60_u64 {
        let sender = sender.clone();
        let call = match index % 4 {
            0 => Call::Write { offset: 0, data: Box::new(vec![1; 512]) },
            1 => Call::Zero { offset: 512, length: 512 },
            2 => Call::Flush,
            _ => Call::Read { offset: 512 * index, length: 512 },
        };
        client.submit(call, tell(sender));
    }
    let first = receiver.recv_timeout(Duration::from_secs(20)).expect("an answer comes");
    assert_eq!(first, Ok(()));
    client.end();
    client.submit(Call::Flush, tell(sender));
    let others: Vec<_> = receiver.iter().collect();
    assert_eq!(others.len(), 60);
    assert!(others.iter().any(|one| failure_is(one, Cause::Aborted)));
}

fn failure_is(result: &Result<(), Failure>, cause: Cause) -> bool {
    result.is_err_and(|failure| failure.cause == cause)
}

#[test]
fn tells_a_wrong_call_from_a_broken_connection() {
    let sizes = Some((512, 4096, 1 << 20));
    let server = FakeServer::start(Manners { sizes, ..Manners::honest(Style::Structured) });
    let client = Client::open(&server.endpoint(), 1, &nobody_stops()).unwrap();
    let read = |offset, length| ask(&client, Call::Read { offset, length });
    assert_eq!(failure_of(read(1, 512)), Cause::Unaligned);
    assert!(read(512, 512).unwrap().buffer.unwrap()[..] == content()[512..1024]);
}

fn transfer(from: Disk, target: Disk, control: Arc<Control>) -> Transfer {
    Transfer {
        sources: vec![from],
        target,
        moves: MoveList::unpack(&[0.0, 0.0, 0.0, SIZE as f64]).unwrap(),
        piece_bytes: 65_536,
        zeros: Zeros::Skip,
        digest: false,
        window_bytes: 256 * 1024,
        threads: 3,
        control,
    }
}

fn file(scratch: &Scratch) -> Disk {
    let path = scratch.sparse("to", SIZE, &[]);
    BlockFile::open(&path, Kind::File, Access::ReadWrite).unwrap().into()
}

#[test]
fn transfers_an_export_to_a_file_over_several_connections() {
    for (style, flags) in STYLES.iter().flat_map(|&style| [(style, 1 << 8), (style, 0)]) {
        let server = FakeServer::start(Manners { flags: 1 | flags, ..Manners::honest(style) });
        let scratch = Scratch::new();
        let control = nobody_stops();
        let from = NbdExport::open(server.endpoint(), &*control).unwrap();
        let job = Transfer { digest: true, ..transfer(from.into(), file(&scratch), control) };
        let outcome = job.run().unwrap();
        assert!(fs::read(scratch.path("to")).unwrap() == content());
        assert_eq!(outcome.digests, blake3::hash(&content()).as_bytes());
        assert_eq!(outcome.zeros.iter().map(|run| run.length).sum::<u64>(), SIZE / 4);
    }
}

#[test]
fn transfers_fail_by_the_end_that_failed() {
    let scratch = Scratch::new();
    let control = nobody_stops();
    let gone = FakeServer::start(Manners { gone_after: 5, ..Manners::honest(Style::Structured) });
    let from = NbdExport::open(gone.endpoint(), &*control).unwrap();
    let failure = transfer(from.into(), file(&scratch), control).run().unwrap_err();
    assert_eq!(failure.place, Some(Place::Source(0)));
    let control = nobody_stops();
    let read_only = FakeServer::start(Manners { flags: 1 | 2, ..Manners::honest(Style::Structured) });
    let target = NbdExport::open(read_only.endpoint(), &*control).unwrap();
    let source = scratch.file("from", &content());
    let source = BlockFile::open(&source, Kind::File, Access::Read).unwrap();
    let failure = transfer(source.into(), target.into(), control).run().unwrap_err();
    assert_eq!(failure, Failure::new(Cause::ReadOnly).at(Place::Target));
}

#[test]
fn says_goodbye_and_makes_effects_without_data() {
    let server = FakeServer::start(Manners::honest(Style::Extended));
    let stop = nobody_stops();
    let mut connection = Connection::open(&server.endpoint(), &*stop).unwrap();
    for command in [Command::Trim, Command::WriteZeroes] {
        let ticket = connection.begin_effect(command, (512, SIZE - 512), true, &*stop).unwrap();
        connection.finish(ticket, &*stop).unwrap();
    }
    connection.drain(&*stop).unwrap();
}

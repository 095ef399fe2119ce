use crate::nbd::codes::Style;
use crate::nbd::connection::Connection;
use crate::nbd::fake_server::{Dice, FakeServer, Manners, nobody_stops, tell};
use crate::nbd::{Call, Client};
use crate::{AlignedBuffer, Cause, Failure};
use std::sync::mpsc;
use std::time::Duration;

/// Cases in one run; a case is one conversation with a server that lies.
const CASES: u64 = 2400;
/// Most of a case is waiting.
const WORKERS: u64 = 32;
/// Milliseconds, and never reached: a server that lies hangs up in the end.
const SILENCE: u64 = 60_000;

/// What a server that lies may make of a conversation: never a panic, and never anything that is not said of a server.
fn is_told(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::Protocol(_)
            | Cause::Replied(_)
            | Cause::OptionRefused(_)
            | Cause::System(_)
            | Cause::Silent
            | Cause::NotInTime
            | Cause::TooLarge
            | Cause::Unaligned
            | Cause::ReadOnly
            | Cause::NoStatus
    )
}

/// One conversation: reads, a change and a question. Whether all of it was answered.
fn converse(server: &FakeServer, dice: &mut Dice) -> Result<(), Failure> {
    let stop = nobody_stops();
    let mut connection = Connection::open(&server.hasty_at_once(SILENCE), &*stop)?;
    for _ in 0..4 {
        let length = 512 * (1 + dice.roll(64));
        let offset = 512 * dice.roll(4096) as u64;
        let buffer = AlignedBuffer::new(length)?;
        let read = connection.begin_read(offset, length, buffer, &*stop)?;
        let write = connection.begin_write(0, &[1; 512], false, &*stop)?;
        connection.finish(read, &*stop)?;
        connection.finish(write, &*stop)?;
        if connection.session.allocation.is_some() {
            let status = connection.begin_status(offset, 1 << 20, &*stop)?;
            let runs = connection.finish(status, &*stop)?.runs;
            let covered: u64 = runs.iter().map(|run| run.0).sum();
            assert!(offset + covered <= connection.session.size);
        }
    }
    Ok(())
}

#[test]
fn ends_in_success_or_a_failure_whatever_a_server_says() {
    let workers: Vec<_> = (0..WORKERS)
        .map(|worker| {
            std::thread::spawn(move || {
                (worker..CASES).step_by(WORKERS as usize).map(one_case).collect::<Vec<_>>()
            })
        })
        .collect();
    let ends: Vec<Result<(), Failure>> =
        workers.into_iter().flat_map(|worker| worker.join().expect("no case panics")).collect();
    let good = ends.iter().filter(|end| end.is_ok()).count() as u64;
    let told = |wanted: fn(Cause) -> bool| {
        ends.iter().filter(|end| end.is_err_and(|failure| wanted(failure.cause))).count() as u64
    };
    let lies = told(|cause| matches!(cause, Cause::Protocol(_)));
    let silent = told(|cause| matches!(cause, Cause::Silent | Cause::NotInTime));
    println!("{CASES} conversations: {good} good, {lies} lies found, {silent} silent");
    assert_eq!(ends.len() as u64, CASES);
    // most damage is found, and some conversations are not touched
    assert!(good > CASES / 20 && lies > CASES / 5);
}

fn one_case(seed: u64) -> Result<(), Failure> {
    let style = [Style::Simple, Style::Structured, Style::Extended][seed as usize % 3];
    let server = FakeServer::start(Manners { damage: Some(seed + 1), ..Manners::honest(style) });
    let end = converse(&server, &mut Dice::new(seed + 7));
    if let Err(failure) = end {
        assert!(is_told(failure.cause), "seed {seed}: {failure:?}");
    }
    end
}

#[test]
fn answers_every_call_whatever_a_server_says() {
    for seed in 0..60 {
        let style = [Style::Simple, Style::Structured, Style::Extended][seed as usize % 3];
        let server = FakeServer::start(Manners { damage: Some(seed + 1), ..Manners::honest(style) });
        let Ok(client) = Client::open(&server.hasty_at_once(SILENCE), 2, &nobody_stops()) else { continue };
        let (sender, receiver) = mpsc::channel();
        for index in 0..20_u64 {
            let sender = sender.clone();
            let call = match index % 3 {
                0 => Call::Extents { offset: index, end: 1 << 20, limit: 50 },
                1 => Call::Write { offset: 512 * index, data: Box::new(vec![1; 4096]) },
                _ => Call::Read { offset: 512 * index, length: 4096 },
            };
            client.submit(call, tell(sender));
        }
        drop(sender);
        for index in 0..20 {
            let answer = receiver.recv_timeout(Duration::from_secs(20));
            let answer = answer.unwrap_or_else(|_| panic!("seed {seed}: answer {index} does not come"));
            assert!(answer.map_or_else(|failure| is_told(failure.cause), |()| true), "seed {seed}");
        }
    }
}

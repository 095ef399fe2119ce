import { describe, expect, it } from 'vitest';
import { type ReplyChunk, replyChunk } from '../../../test/support/reply-chunk.ts';
import {
  ChunkType,
  Command,
  encodeDataOffset,
  encodeError,
  encodeHole,
  encodeSimpleReply,
  encodeStatus,
  type HeaderStyle,
} from '../../protocol/index.ts';
import { PendingRequest, type RequestOutcome } from './pending-request.ts';
import { ReplyStream } from './reply-stream.ts';

const OFFSET = 4096;
const LENGTH = 1024;

type Waiting = {
  readonly stream: ReplyStream;
  readonly pending: PendingRequest;
  readonly into: Uint8Array;
  readonly outcome: () => RequestOutcome | undefined;
};

/** A stream that waits for the answer to one request, cookie 5, of bytes 4096 to 5120. */
function waiting(command: number, style: HeaderStyle = 'structured'): Waiting {
  const into = new Uint8Array(LENGTH).fill(0xee);
  const request = { command, flags: 0, cookie: 5n, offset: OFFSET, length: LENGTH };
  let outcome: RequestOutcome | undefined;
  const pending = new PendingRequest(request, command === Command.read ? into : undefined, {
    settle: (settled) => {
      outcome = settled;
    },
    fail: () => undefined,
  });
  const contexts = new Map([
    [1, 'base:allocation'],
    [2, 'qemu:dirty-bitmap:a'],
  ]);
  const stream = new ReplyStream(style, new Map([[5n, pending]]), { sizeBytes: 8192, contexts });
  return { stream, pending, into, outcome: () => outcome };
}

/** A chunk as an answer to cookie 5. */
const chunk = (type: number, payload: Uint8Array, more: Partial<ReplyChunk> = {}) =>
  replyChunk(type, payload, { cookie: 5n, offset: OFFSET, ...more });

const data = (offset: number, length: number, value = 7) =>
  Buffer.concat([encodeDataOffset(offset), new Uint8Array(length).fill(value)]);
const runs = (contextId: number, ...lengths: readonly number[]) =>
  encodeStatus({ contextId, descriptors: lengths.map((length) => ({ length, flags: 0 })) }, false);
const none = chunk(ChunkType.none, new Uint8Array(), { done: true });

describe('answers to a read', () => {
  it('land in the buffer in whatever order they come, holes as zeros', () => {
    const { stream, into, outcome } = waiting(Command.read);
    stream.push(chunk(ChunkType.offsetData, data(OFFSET + 512, 512)));
    stream.push(chunk(ChunkType.offsetHole, encodeHole(OFFSET, 512)));
    expect(outcome()).toBeUndefined();
    stream.push(none);
    expect(outcome()).toMatchObject({ ok: true });
    expect(into).toEqual(new Uint8Array(LENGTH).fill(7, 512));
    expect(stream.between).toBe(true);
  });

  it('leave the buffer alone once nobody waits for it, and the stream goes on', () => {
    const { stream, pending, into, outcome } = waiting(Command.read);
    const answer = chunk(ChunkType.offsetData, data(OFFSET, LENGTH), { done: true });
    stream.push(answer.subarray(0, 100));
    const before = Uint8Array.from(into);
    pending.into = undefined;
    stream.push(answer.subarray(100));
    expect(into).toEqual(before);
    expect(outcome()).toMatchObject({ ok: true });
    expect(stream.between).toBe(true);
  });

  it('that report an error fail the read, even when all data came', () => {
    const { stream, outcome } = waiting(Command.read);
    stream.push(chunk(ChunkType.offsetData, data(OFFSET, LENGTH)));
    stream.push(chunk(ChunkType.errorOffset, encodeError({ errno: 5, message: 'bad', offset: OFFSET + 1 })));
    stream.push(none);
    expect(outcome()).toEqual({ ok: false, error: { errno: 5, message: 'bad', offset: OFFSET + 1 } });
  });

  it('may be an error of a type that is not known yet', () => {
    const { stream, outcome } = waiting(Command.read);
    const payload = Buffer.concat([encodeError({ errno: 28, message: 'new' }), new Uint8Array(100)]);
    stream.push(chunk(0x8123, payload, { done: true }));
    expect(outcome()).toEqual({ ok: false, error: { errno: 28, message: 'new' } });
  });
});

describe('answers to a block status', () => {
  it('come by context, and the last run may go on behind the range', () => {
    const { stream, outcome } = waiting(Command.blockStatus);
    stream.push(chunk(ChunkType.blockStatus, runs(2, 512, 3584)));
    stream.push(chunk(ChunkType.blockStatus, runs(1, 100), { done: true }));
    const settled = outcome();
    expect(settled?.ok === true && [...settled.result.keys()]).toEqual([
      'qemu:dirty-bitmap:a',
      'base:allocation',
    ]);
  });
});

describe('a server that lies is found out', () => {
  const read = (...chunks: readonly Uint8Array[]) => [Command.read, chunks] as const;
  const status = (...chunks: readonly Uint8Array[]) => [Command.blockStatus, chunks] as const;
  const whole = chunk(ChunkType.offsetData, data(OFFSET, LENGTH));
  const oneContext = chunk(ChunkType.blockStatus, runs(1, LENGTH));
  const header = (type: number, payloadBytes: number) => chunk(type, new Uint8Array(), { payloadBytes });

  it.each<[lie: string, told: readonly [command: number, chunks: readonly Uint8Array[]]]>([
    ['an unknown magic', read(new Uint8Array(4))],
    ['a cookie that was not sent', read(chunk(ChunkType.none, new Uint8Array(), { done: true, cookie: 6n }))],
    ['the same answer twice', read(whole, none, none)],
    ['more data than was asked for', read(header(ChunkType.offsetData, 8 + LENGTH + 1))],
    ['a length of 4 GiB', read(header(ChunkType.offsetData, 0xffffffff))],
    ['data of no length', read(header(ChunkType.offsetData, 8))],
    ['data before the range', read(chunk(ChunkType.offsetData, data(OFFSET - 1, 512)))],
    ['data behind the range', read(chunk(ChunkType.offsetData, data(OFFSET + LENGTH - 1, 2)))],
    [
      'the same data twice',
      read(
        chunk(ChunkType.offsetData, data(OFFSET, 512)),
        chunk(ChunkType.offsetHole, encodeHole(OFFSET + 511, 2)),
      ),
    ],
    ['a hole of no length', read(chunk(ChunkType.offsetHole, encodeHole(OFFSET, 0)))],
    ['a hole behind the range', read(chunk(ChunkType.offsetHole, encodeHole(OFFSET, LENGTH + 1)))],
    ['a hole of a wrong size', read(chunk(ChunkType.offsetHole, new Uint8Array(13)))],
    ['success without the data', read(chunk(ChunkType.offsetData, data(OFFSET, LENGTH - 1)), none)],
    ['success with nothing', read(none)],
    ['a simple answer to a read', read(encodeSimpleReply({ cookie: 5n, errno: 0 }))],
    [
      'a 64-bit answer that was not agreed on',
      read(chunk(ChunkType.none, new Uint8Array(), { done: true, style: 'extended' })),
    ],
    ['an empty chunk that is not the last', read(chunk(ChunkType.none, new Uint8Array()))],
    ['an empty chunk with a payload', read(chunk(ChunkType.none, new Uint8Array(4), { done: true }))],
    ['a type that is not known', read(chunk(77, new Uint8Array(16)))],
    ['block status for a read', read(oneContext)],
    ['an error that says success', read(chunk(ChunkType.error, encodeError({ errno: 0, message: '' })))],
    [
      'an error outside of the request',
      read(chunk(ChunkType.errorOffset, encodeError({ errno: 5, message: '', offset: 1 }))),
    ],
    ['an error as long as a book', read(header(ChunkType.error, 1_000_000))],
    ['a message longer than its error', read(chunk(ChunkType.error, Uint8Array.of(0, 0, 0, 5, 255, 255)))],
    [
      'too many chunks',
      read(
        ...Array.from({ length: 5000 }, (_, at) =>
          chunk(ChunkType.error, encodeError({ errno: 5, message: `${at}` })),
        ),
      ),
    ],
    ['data for a block status', status(whole)],
    ['status of a context not asked for', status(chunk(ChunkType.blockStatus, runs(3, 512)))],
    ['status of a context twice', status(oneContext, oneContext)],
    ['status without all contexts', status(chunk(ChunkType.blockStatus, runs(1, LENGTH), { done: true }))],
    ['a run of no length', status(chunk(ChunkType.blockStatus, runs(1, 512, 0)))],
    ['runs behind the range', status(chunk(ChunkType.blockStatus, runs(1, LENGTH, 512)))],
    ['a run behind the end of the disk', status(chunk(ChunkType.blockStatus, runs(1, 4097)))],
    ['status of 4 GiB', status(header(ChunkType.blockStatus, 0xfffffffc))],
    ['wide status that was not agreed on', status(chunk(ChunkType.blockStatusExtended, new Uint8Array(24)))],
    ['a simple answer to a block status', status(encodeSimpleReply({ cookie: 5n, errno: 22 }))],
  ])('%s', (_, [command, chunks]) => {
    const { stream } = waiting(command);
    expect(() => {
      for (const part of chunks) stream.push(part);
    }).toThrow(expect.objectContaining({ code: 'PROTOCOL_VIOLATION' }));
  });

  it('a 64-bit chunk for another offset', () => {
    const { stream } = waiting(Command.read, 'extended');
    const error = encodeError({ errno: 5, message: '' });
    const answer = chunk(ChunkType.error, error, { done: true, style: 'extended', offset: 0 });
    expect(() => stream.push(answer)).toThrow(expect.objectContaining({ code: 'PROTOCOL_VIOLATION' }));
  });

  it('a simple answer after 64-bit headers were agreed on', () => {
    const { stream } = waiting(Command.flush, 'extended');
    const answer = encodeSimpleReply({ cookie: 5n, errno: 0 });
    expect(() => stream.push(answer)).toThrow(expect.objectContaining({ code: 'PROTOCOL_VIOLATION' }));
  });
});

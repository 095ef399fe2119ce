import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { connectNbd, listNbdExports, openNbdWriter } from '@sendense/blockio-nbd/client';
import {
  CHUNK_DONE,
  ChunkType,
  Command,
  CommandFlag,
  ExportFlag,
  encodeChunkHeader,
  encodeOptionReply,
  encodeSimpleReply,
  OptionCode,
  OptionReplyType,
} from '@sendense/blockio-nbd/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type Answer,
  type Script,
  type ScriptedServer,
  startScriptedServer,
  succeed,
} from './support/scripted-server.ts';

let server: ScriptedServer;
let before: number;
const start = async (script: Script) => {
  server = await startScriptedServer(script);
  return { address: server.address, export: 'disk' };
};
/** How many sockets and timers this process has; the test runner has some of its own. */
const resources = () =>
  process.getActiveResourcesInfo().filter((name) => /Timeout|Pipe|TCP|TLS/.test(name)).length;
beforeEach(() => {
  before = resources();
});
afterEach(async () => {
  vi.useRealTimers();
  await server[Symbol.asyncDispose]();
  for (let turns = 0; turns < 10; turns++) await turn();
  assert.ok(resources() <= before, 'a socket or timer is left');
});

/** What a call rejects with; observed at once, looked at later. */
const failureOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'it resolved',
    (error: unknown) => error,
  );

const writable = ExportFlag.hasFlags | ExportFlag.flush;
const reads: Answer = ({ cookie, length, command }, _, socket) => {
  socket.write(encodeSimpleReply({ cookie, errno: 0 }));
  if (command === Command.read) socket.write(new Uint8Array(length).fill(7));
};

describe('connecting', () => {
  it('gives up after the time for a handshake, and leaves nothing open', async () => {
    const at = await start({ greeting: new Uint8Array(3) });
    await expect(connectNbd({ ...at, handshakeTimeoutMs: 50 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      retry: 'later',
      message: expect.stringContaining('disk?socket='),
    });
    while (server.open() > 0) await turn();
  });

  it('ends with ABORTED when it is cancelled, and leaves nothing open', async () => {
    const at = await start({ greeting: new Uint8Array() });
    const cancel = new AbortController();
    const connecting = connectNbd(at, { signal: cancel.signal });
    const outcome = failureOf(connecting);
    while (server.connections() === 0) await turn();
    cancel.abort();
    expect(await outcome).toMatchObject({ code: 'ABORTED' });
    while (server.open() > 0) await turn();
    await expect(connectNbd(at, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('refuses bytes in the clear behind the word that TLS begins', async () => {
    const ack = encodeOptionReply(OptionCode.startTls, OptionReplyType.ack);
    const forged = encodeOptionReply(OptionCode.extendedHeaders, OptionReplyType.ack);
    const at = await start({ startTls: Buffer.concat([ack, forged]) });
    await expect(connectNbd({ ...at, tls: {} })).rejects.toMatchObject({
      code: 'PROTOCOL_VIOLATION',
      message: expect.stringContaining('in the clear'),
    });
  });

  it('says that the peer speaks no NBD', async () => {
    const at = await start({
      greeting: new TextEncoder().encode('SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n'),
    });
    await expect(connectNbd(at)).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' });
    await expect(listNbdExports(at)).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' });
  });

  it('uses as many connections as it is told to, where the server allows several', async () => {
    const at = await start({ answer: reads });
    await using disk = await connectNbd({ ...at, connections: 3 });
    expect(server.connections()).toBe(3);
    await disk.read(0, new Uint8Array(1024 * 1024));
    expect(disk.multiConn).toBe(true);
  });

  it('uses one where the server does not', async () => {
    const at = await start({ answer: reads, flags: writable });
    await using disk = await connectNbd({ ...at, connections: 3 });
    expect([server.connections(), disk.multiConn]).toEqual([1, false]);
  });
});

describe('several connections', () => {
  it('must lead to the same disk', async () => {
    const at = await start({ sizeOf: (connection) => connection * 4096 });
    await expect(connectNbd({ ...at, connections: 2 })).rejects.toMatchObject({
      code: 'PROTOCOL_VIOLATION',
      message: expect.stringContaining('differently'),
    });
    while (server.open() > 0) await turn();
  });
});

/** A server that answers once it is let, and what happened. */
async function startHeld() {
  const events: string[] = [];
  const held: { answer?: () => void } = {};
  const at = await start({
    flags: writable,
    answer: (request, data, socket) => {
      held.answer = () => {
        events.push('answered');
        succeed(request, data, socket);
      };
    },
  });
  return { at, events, held };
}

describe('requests', () => {
  it('are not longer than the server is sure to take, and are each answered once', async () => {
    const at = await start({ answer: reads, sizeBytes: 64 * 1024 * 1024 });
    await using disk = await connectNbd(at);
    const read = new Uint8Array(5 * 1024 * 1024 + 512);
    await disk.read(512, read);
    expect(read.every((byte) => byte === 7)).toBe(true);
    const lengths = server.requests.map(({ length }) => length);
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(read.byteLength);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(32 * 1024 * 1024);
    const ends = server.requests.map(({ offset, length }) => offset + length).toSorted((a, b) => a - b);
    expect(ends.at(-1)).toBe(512 + read.byteLength);
  });

  it('are never more at once than a connection may have under way, however long a call is', async () => {
    let held = 0;
    let most = 0;
    const at = await start({
      sizeBytes: 2 ** 40,
      flags: writable | ExportFlag.writeZeroes,
      answer: (request, data, socket) => {
        most = Math.max(most, ++held);
        setImmediate(() => {
          held -= 1;
          succeed(request, data, socket);
        });
      },
    });
    await using disk = await connectNbd(at);
    await disk.zero(0, 2 ** 38);
    expect(most).toBe(16);
    await Promise.all(Array.from({ length: 100 }, (_, index) => disk.zero(index * 512, 512)));
    expect(most).toBe(16);
  });

  it('that change the disk are flushed when they must be durable and the server has no flag for it', async () => {
    const at = await start({ answer: succeed, flags: writable });
    await using disk = await connectNbd(at);
    await disk.write(0, new Uint8Array(512), { durable: true });
    expect(server.requests.map(({ command }) => command)).toEqual([Command.write, Command.flush]);
  });

  it('that change the disk carry the flags that are asked for', async () => {
    const flags = writable | ExportFlag.fua | ExportFlag.writeZeroes | ExportFlag.fastZero | ExportFlag.trim;
    const at = await start({ answer: succeed, flags });
    await using disk = await connectNbd(at);
    await disk.write(0, new Uint8Array(512), { durable: true });
    await disk.zero(0, 512, { noHole: true, fast: true });
    await disk.trim(0, 512, { durable: true });
    const { fua, noHole, fastZero } = CommandFlag;
    const sent = server.requests.map(({ command, flags: bits }) => [command, bits]);
    expect(sent).toEqual([
      [Command.write, fua],
      [Command.writeZeroes, noHole | fastZero],
      [Command.trim, fua],
    ]);
  });

  it('say with 64-bit headers that a write carries its data', async () => {
    const at = await start({
      extended: true,
      flags: writable,
      answer: ({ cookie, offset }, _, socket) =>
        socket.write(
          encodeChunkHeader({
            kind: 'extended',
            cookie,
            flags: CHUNK_DONE,
            type: ChunkType.none,
            payloadBytes: 0,
            offset,
          }),
        ),
    });
    await using disk = await connectNbd(at);
    await disk.write(512, new Uint8Array(1024));
    await disk.flush();
    expect(server.requests.map(({ flags, length }) => [flags, length])).toEqual([
      [CommandFlag.payloadLength, 1024],
      [0, 0],
    ]);
  });

  it('outside of the disk are not sent', async () => {
    const at = await start({ answer: succeed });
    await using disk = await connectNbd(at);
    for (const call of [
      () => disk.read(1024 * 1024, new Uint8Array(1)),
      () => disk.write(-1, new Uint8Array(1)),
      () => disk.zero(0, 1024 * 1024 + 1),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'RANGE_INVALID' });
    }
    expect(server.requests).toEqual([]);
  });

  it('that the server has no word for are refused', async () => {
    const at = await start({ answer: succeed, flags: ExportFlag.hasFlags });
    await using disk = await connectNbd(at);
    for (const call of [() => disk.trim(0, 1), () => disk.cache(0, 1), () => disk.flush()]) {
      await expect(call()).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    }
    expect(() => openNbdWriter(disk)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
  });

  it('of a read that is cancelled settle at once and touch its buffer no more', async () => {
    const held: { answer?: () => void } = {};
    const at = await start({
      answer: (request, data, socket) => {
        if (held.answer === undefined) held.answer = () => reads(request, data, socket);
        else reads(request, data, socket);
      },
    });
    await using disk = await connectNbd(at);
    const cancel = new AbortController();
    const into = new Uint8Array(4096);
    const reading = failureOf(disk.read(0, into, { signal: cancel.signal }));
    while (held.answer === undefined) await turn();
    cancel.abort();
    expect(await reading).toMatchObject({ code: 'ABORTED' });
    held.answer();
    const other = new Uint8Array(4096);
    await disk.read(0, other);
    expect(into).toEqual(new Uint8Array(4096));
    expect(other).toEqual(new Uint8Array(4096).fill(7));
  });

  it('of a write that is cancelled settle only when the server has answered', async () => {
    const { at, events, held } = await startHeld();
    await using disk = await connectNbd({ ...at, abortTimeoutMs: 60_000 });
    const cancel = new AbortController();
    const writing = disk.write(0, new Uint8Array(512), { signal: cancel.signal }).catch((error: unknown) => {
      events.push('settled');
      return error;
    });
    while (held.answer === undefined) await turn();
    cancel.abort();
    for (let turns = 0; turns < 20; turns++) await turn();
    held.answer();
    expect(await writing).toMatchObject({ code: 'ABORTED' });
    expect(events).toEqual(['answered', 'settled']);
  });

  it('of a write that is under way keep its export from closing until the server has answered', async () => {
    const { at, events, held } = await startHeld();
    const disk = await connectNbd({ ...at, abortTimeoutMs: 60_000 });
    const writing = disk.write(0, new Uint8Array(512));
    while (held.answer === undefined) await turn();
    const closing = disk[Symbol.asyncDispose]().then(() => events.push('closed'));
    for (let turns = 0; turns < 20; turns++) await turn();
    expect(await failureOf(disk.write(0, new Uint8Array(512)))).toMatchObject({ code: 'NOT_OPEN' });
    held.answer();
    await closing;
    await writing;
    expect(events).toEqual(['answered', 'closed']);
  });

  it('of a write that is cancelled at a silent server settle 50 ms later, and the export is lost', async () => {
    const at = await start({ flags: writable, answer: () => undefined });
    await using disk = await connectNbd(at);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const cancel = new AbortController();
    let settled = false;
    const writing = failureOf(disk.write(0, new Uint8Array(512), { signal: cancel.signal }));
    void writing.finally(() => (settled = true));
    const reading = failureOf(disk.read(0, new Uint8Array(512)));
    while (server.requests.length < 2) await turn();
    cancel.abort();
    vi.advanceTimersByTime(49);
    for (let turns = 0; turns < 20; turns++) await turn();
    expect(settled).toBe(false);
    vi.advanceTimersByTime(1);
    expect(await writing).toMatchObject({
      code: 'ABORTED',
      effect: 'unknown',
      message: expect.stringContaining('may still do it'),
    });
    const lost = { code: 'CONNECTION_LOST', effect: 'unknown' };
    expect(await reading).toMatchObject(lost);
    expect(await failureOf(disk.read(0, new Uint8Array(512)))).toMatchObject(lost);
  });
});

describe('a connection that ends', () => {
  it('fails what is under way and all that comes, retryable and of unknown effect', async () => {
    const at = await start({ answer: (_request, _data, socket) => socket.destroy(), flags: writable });
    await using disk = await connectNbd(at);
    const lost = { code: 'CONNECTION_LOST', retry: 'later', effect: 'unknown' };
    await expect(disk.write(0, new Uint8Array(512))).rejects.toMatchObject(lost);
    await expect(disk.flush()).rejects.toMatchObject(lost);
  });

  it('by silence fails with TIMEOUT what is owed, but not while nothing is owed', async () => {
    const at = await start({
      answer: (request, data, socket) => request.offset === 0 && reads(request, data, socket),
    });
    await using disk = await connectNbd({ ...at, idleTimeoutMs: 1000 });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await disk.read(0, new Uint8Array(512));
    vi.advanceTimersByTime(5000);
    await disk.read(0, new Uint8Array(512));
    let settled = false;
    const reading = disk.read(512, new Uint8Array(512)).finally(() => (settled = true));
    const outcome = failureOf(reading);
    while (server.requests.length < 3) await turn();
    vi.advanceTimersByTime(999);
    await turn();
    expect(settled).toBe(false);
    vi.advanceTimersByTime(1);
    expect(await outcome).toMatchObject({ code: 'TIMEOUT', effect: 'unknown' });
  });

  it('by silence does not end while its server sends, however slowly', async () => {
    const parts: (() => void)[] = [];
    const at = await start({
      answer: ({ cookie }, _, socket) => {
        const answer = encodeSimpleReply({ cookie, errno: 0 });
        for (const byte of [answer, new Uint8Array(1), new Uint8Array(1)])
          parts.push(() => socket.write(byte));
      },
    });
    await using disk = await connectNbd({ ...at, idleTimeoutMs: 1000 });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const reading = disk.read(0, new Uint8Array(2));
    while (parts.length < 3) await turn();
    for (const send of parts) {
      vi.advanceTimersByTime(900);
      send();
      for (let turns = 0; turns < 20; turns++) await turn();
    }
    await expect(reading).resolves.toBeUndefined();
  });

  it('because the server lies fails with the lie and the name of the export', async () => {
    const at = await start({
      answer: ({ cookie }, _, socket) => socket.write(encodeSimpleReply({ cookie: cookie + 1n, errno: 0 })),
    });
    await using disk = await connectNbd(at);
    await expect(disk.read(0, new Uint8Array(512))).rejects.toMatchObject({
      code: 'PROTOCOL_VIOLATION',
      message: expect.stringMatching(/disk\?socket=.*answered a request that was not made/),
    });
    while (server.open() > 0) await turn();
  });

  it('by dispose says goodbye, and fails what is under way with NOT_OPEN', async () => {
    const polite = await connectNbd(await start({ answer: reads }));
    await polite[Symbol.asyncDispose]();
    expect(server.requests.map(({ command }) => command)).toEqual([Command.disconnect]);
    await expect(polite.read(0, new Uint8Array(512))).rejects.toMatchObject({ code: 'NOT_OPEN' });
    await server[Symbol.asyncDispose]();
    const busy = await connectNbd(await start({}));
    const reading = failureOf(busy.read(0, new Uint8Array(512)));
    while (server.requests.length === 0) await turn();
    await busy[Symbol.asyncDispose]();
    await busy[Symbol.asyncDispose]();
    expect(await reading).toMatchObject({ code: 'NOT_OPEN' });
  });
});

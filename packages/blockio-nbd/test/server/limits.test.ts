import type { BlockReader } from '@sendense/core';
import { describe, expect, it } from 'vitest';
import { Command, CommandFlag, encodeRequest } from '../../src/protocol/index.ts';
import { arrayDisk } from './array-disk.ts';
import { entered, outcome } from './entered.ts';
import { setUpBench } from './raw-client.ts';

const MIB = 1024 * 1024;
const filled = (length: number) => new Uint8Array(length).map((_, at) => 1 + (at % 251));

describe('the limits of a connection', () => {
  /** A disk whose reads wait until they are let go; tells how many bytes they hold. */
  function heldDisk() {
    const disk = arrayDisk(filled(8 * MIB), { maxBytes: 32 * MIB, maxInFlight: 1000 });
    const held = { bytes: 0, most: 0, reads: 0, go: Promise.withResolvers<void>() };
    const reader: BlockReader = {
      ...disk.reader,
      async read(offset, into) {
        held.reads += 1;
        held.bytes += into.byteLength;
        held.most = Math.max(held.most, held.bytes);
        await held.go.promise;
        await disk.reader.read(offset, into);
        held.bytes -= into.byteLength;
      },
    };
    return { reader, held };
  }

  it('hold back requests whose bytes or number would be too many, and answer all in the end', async () => {
    const { reader, held } = heldDisk();
    const limits = { maxPayloadBytes: MIB, connectionBytes: 4 * MIB, serverBytes: 6 * MIB, maxRequests: 100 };
    const bench = setUpBench({ a: { reader } }, { limits });
    const clients = [bench.connect().client, bench.connect().client];
    const ask = { command: Command.read, length: MIB - 512 };
    for (const client of clients) {
      await client.enter('a');
      for (let at = 0; at < 10; at++) client.request(ask);
    }
    await expect.poll(() => held.reads).toBeGreaterThanOrEqual(6);
    expect(bench.context.bytes.taken).toBeLessThanOrEqual(6 * MIB);
    held.go.resolve();
    for (const client of clients) {
      for (let at = 0; at < 10; at++) expect(outcome(await client.reply(MIB - 512))).toBe('ok');
    }
    expect(held.most).toBeLessThanOrEqual(6 * MIB);
    await expect.poll(() => bench.context.bytes.taken).toBe(0);
  });

  it('hold back requests beyond the number that may be under way', async () => {
    const { reader, held } = heldDisk();
    const bench = setUpBench({ a: { reader } }, { limits: { maxRequests: 3 } });
    const { client } = bench.connect();
    await client.enter('a');
    for (let at = 0; at < 10; at++) client.request({ command: Command.read, length: 1 });
    await expect.poll(() => held.reads).toBe(3);
    held.go.resolve();
    for (let at = 0; at < 10; at++) await client.reply(1);
    expect(held.reads).toBe(10);
  });

  it('cut off a client that begins a request and does not end it', async () => {
    const bench = setUpBench({ a: arrayDisk(filled(MIB)) }, { limits: { messageTimeoutMs: 50 } });
    const { client, connection } = bench.connect();
    await client.enter('a');
    client.send(
      encodeRequest({ flags: 0, command: Command.write, cookie: 1n, offset: 0, length: 512 }, 'simple'),
    );
    expect(await client.hungUp()).toBe(true);
    await connection.ended;
    expect(bench.log).toEqual([expect.stringContaining('within 50 ms')]);
    expect(bench.context.bytes.taken).toBe(0);
  });

  it('cut off a client that does not take its replies', async () => {
    const bench = setUpBench({ a: arrayDisk(filled(8 * MIB)) }, { limits: { messageTimeoutMs: 50 } });
    const { client, connection } = bench.connect();
    await client.enter('a');
    for (let at = 0; at < 4; at++) client.request({ command: Command.read, length: 4 * MIB });
    await connection.ended;
    expect(bench.log).toEqual([expect.stringContaining('a reply was not taken')]);
    expect(bench.context.bytes.taken).toBe(0);
  });

  it('cut off a client that never enters an export', async () => {
    const bench = setUpBench({ a: arrayDisk(filled(MIB)) }, { limits: { handshakeTimeoutMs: 50 } });
    const { client, connection } = bench.connect();
    await client.greet();
    await connection.ended;
    expect(bench.log).toEqual([expect.stringContaining('entered no export within 50 ms')]);
  });

  it('let a client that has entered be silent for longer than it may take to enter or to say one thing', async () => {
    const limits = { handshakeTimeoutMs: 20, messageTimeoutMs: 20 };
    const bench = setUpBench({ a: arrayDisk(filled(MIB)) }, { limits });
    const { client } = bench.connect();
    await client.enter('a');
    await new Promise((resolve) => setTimeout(resolve, 60));
    client.request({ command: Command.flush });
    expect(outcome(await client.reply())).toBe('ok');
  });

  it('cut off a client that has entered and asks for nothing, or for nothing more', async () => {
    const bench = setUpBench({ a: arrayDisk(filled(MIB)) }, { limits: { idleTimeoutMs: 200 } });
    const [silent, done] = [bench.connect(), bench.connect()];
    await silent.client.enter('a');
    await done.client.enter('a', 'structured');
    done.client.request({ command: Command.read, length: 512 }, 'structured');
    await done.client.reply();
    done.client.request({ command: Command.flush, flags: 1 << 9 }, 'structured');
    expect(outcome(await done.client.reply())).toBe('EINVAL');
    await Promise.all([silent.connection.ended, done.connection.ended]);
    const cutOff = 'client cut off: the client asked for nothing within 200 ms';
    expect(bench.log).toEqual([cutOff, cutOff]);
  });

  it('let a client wait for a disk that is slower than it may be silent', async () => {
    const { reader, held } = heldDisk();
    const bench = setUpBench({ a: { reader } }, { limits: { idleTimeoutMs: 200 } });
    const [waiting, silent] = [bench.connect(), bench.connect()];
    await waiting.client.enter('a');
    waiting.client.request({ command: Command.read, length: 512 });
    await expect.poll(() => held.reads).toBe(1);
    await silent.client.enter('a');
    await silent.connection.ended;
    held.go.resolve();
    expect(outcome(await waiting.client.reply(512))).toBe('ok');
  });

  it('end the connection on a payload beyond all of them', async () => {
    const { client, bench, connection } = await entered('extended', arrayDisk(filled(MIB)));
    client.request({ command: Command.write, flags: CommandFlag.payloadLength, length: 2 ** 40 }, 'extended');
    expect(await client.hungUp()).toBe(true);
    await connection.ended;
    expect(bench.log).toEqual([expect.stringContaining('beyond every limit')]);
  });
});

describe('a client that vanishes', () => {
  it('ends the zeroing of a large disk between two steps', async () => {
    const steps: number[] = [];
    const begun = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const giant = { sizeBytes: 2 ** 40, limits: arrayDisk(new Uint8Array(512)).reader.limits };
    const disk = arrayDisk(new Uint8Array(512));
    const writer = {
      ...disk.writer,
      ...giant,
      zero: async (offset: number) => {
        steps.push(offset);
        begun.resolve();
        await go.promise;
      },
    };
    const { client, connection, reset } = await entered('extended', {
      reader: { ...disk.reader, ...giant },
      writer,
    });
    client.request({ command: Command.writeZeroes, length: 2 ** 40 }, 'extended');
    await begun.promise;
    reset();
    await new Promise((resolve) => setImmediate(resolve));
    go.resolve();
    await connection.ended;
    expect(steps).toEqual([0]);
  });

  it('stops the reads of its requests, and never a write', async () => {
    const disk = arrayDisk(filled(MIB));
    const signals: (AbortSignal | undefined)[] = [];
    const wrote = Promise.withResolvers<void>();
    const reader: BlockReader = {
      ...disk.reader,
      read: (_offset, _into, call) => {
        signals.push(call?.signal);
        return new Promise((_, reject) =>
          call?.signal?.addEventListener('abort', () => reject(new Error('gone'))),
        );
      },
    };
    let settled = false;
    const writer = {
      ...disk.writer,
      write: async (_offset: number, _data: Uint8Array, call?: { signal?: AbortSignal }) => {
        signals.push(call?.signal);
        await wrote.promise;
        settled = true;
      },
    };
    const { client, connection, reset } = await entered('simple', { reader, writer });
    client.request({ command: Command.read, length: 512 });
    client.request({ command: Command.write, length: 512 }, 'simple', filled(512));
    await expect.poll(() => signals.length).toBe(2);
    reset();
    await expect.poll(() => signals[0]?.aborted).toBe(true);
    expect(signals[1]).toBeUndefined();
    wrote.resolve();
    await connection.ended;
    expect(settled).toBe(true);
  });
});

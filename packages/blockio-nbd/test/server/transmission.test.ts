import { SendenseError } from '@sendense/core';
import { describe, expect, it } from 'vitest';
import {
  CHUNK_DONE,
  ChunkType,
  Command,
  CommandFlag,
  type NbdRequest,
  parseHole,
  parseStatus,
} from '../../src/protocol/index.ts';
import { arrayDisk } from './array-disk.ts';
import { entered, outcome } from './entered.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const filled = (length: number) => new Uint8Array(length).map((_, at) => 1 + (at % 251));

describe.each(['simple', 'structured', 'extended'] as const)('requests with %s replies', (style) => {
  it('reads what was written, and echoes the cookie', async () => {
    const bytes = filled(MIB);
    const { client } = await entered(style, arrayDisk(bytes));
    const data = filled(300 * KIB).toReversed();
    client.request(
      { command: Command.write, offset: 1000, length: data.byteLength, cookie: 1n },
      style,
      data,
    );
    expect(outcome(await client.reply())).toBe('ok');
    client.request({ command: Command.read, offset: 500, length: 310 * KIB, cookie: 2n ** 64n - 1n }, style);
    const { header, payload } = await client.reply(310 * KIB);
    expect(header.cookie).toBe(2n ** 64n - 1n);
    const read = style === 'simple' ? payload : payload.subarray(8);
    expect(Buffer.compare(read, bytes.subarray(500, 500 + 310 * KIB))).toBe(0);
    expect(Buffer.compare(bytes.subarray(1000, 1000 + data.byteLength), data)).toBe(0);
  });

  it.each<[string, Partial<NbdRequest>]>([
    ['EINVAL', { command: Command.read, offset: MIB - 1, length: 2 }],
    ['EINVAL', { command: Command.read, offset: 0, length: 0 }],
    ['EINVAL', { command: Command.read, offset: 2 ** 53, length: 1 }],
    ['EINVAL', { command: Command.read, offset: 0, length: 33 * MIB }],
    ['ENOSPC', { command: Command.writeZeroes, offset: MIB - 1, length: 2 }],
    ['EINVAL', { command: Command.trim, offset: MIB - 1, length: 2 }],
    ['EINVAL', { command: Command.writeZeroes, flags: CommandFlag.fastZero, length: 512 }],
    ['EINVAL', { command: Command.blockStatus, length: 512 }],
    ['EINVAL', { command: 99, length: 512 }],
    ['EINVAL', { command: Command.read, flags: 1 << 9, length: 512 }],
    ['ok', { command: Command.read, flags: CommandFlag.fua, length: 512 }],
    ['ok', { command: Command.cache, offset: 0, length: MIB }],
    ['ok', { command: Command.flush }],
    ['ok', { command: Command.trim, offset: 4096, length: 4096 }],
  ])('answers %s to %o, and goes on', async (expected, request) => {
    const { client } = await entered(style, arrayDisk(filled(MIB)));
    client.request(request, style);
    const readBytes = request.command === Command.read ? 512 : 0;
    expect(outcome(await client.reply(readBytes))).toBe(expected);
    client.request({ command: Command.flush }, style);
    expect(outcome(await client.reply())).toBe('ok');
  });

  it('reads over the payload of a write that it refuses', async () => {
    const { client } = await entered(style, arrayDisk(filled(MIB)));
    client.request({ command: Command.write, offset: MIB - 512, length: 64 * KIB }, style, filled(64 * KIB));
    expect(outcome(await client.reply())).toBe('ENOSPC');
    client.request({ command: Command.flush }, style);
    expect(outcome(await client.reply())).toBe('ok');
  });

  it('refuses every change of a read-only disk', async () => {
    const { client } = await entered(style, { reader: arrayDisk(filled(MIB)).reader });
    for (const command of [Command.write, Command.trim, Command.writeZeroes]) {
      client.request({ command, length: 512 }, style, command === Command.write ? filled(512) : undefined);
      expect(outcome(await client.reply())).toBe('EPERM');
    }
  });

  it('asks for alignment where the disk has blocks', async () => {
    const { client } = await entered(style, arrayDisk(filled(MIB), { alignmentBytes: 512 }));
    client.request({ command: Command.read, offset: 100, length: 512 }, style);
    expect(outcome(await client.reply(512))).toBe('EINVAL');
    client.request({ command: Command.read, offset: 1024, length: 100 }, style);
    expect(outcome(await client.reply(100))).toBe('EINVAL');
  });

  it.each([
    ['NO_SPACE', 'ENOSPC'],
    ['READ_ONLY', 'EPERM'],
    ['CORRUPT', 'EIO'],
    ['UNSUPPORTED', 'ENOTSUP'],
  ] as const)('tells a failure of the disk by %s as %s, without its text', async (code, errno) => {
    const disk = arrayDisk(filled(MIB));
    const fail = () => Promise.reject(new SendenseError(code, 'in /secret/place', { operation: 'x' }));
    const { client, bench } = await entered(style, { ...disk, writer: { ...disk.writer, write: fail } });
    client.request({ command: Command.write, length: 512 }, style, filled(512));
    const reply = await client.reply();
    expect(outcome(reply)).toBe(errno);
    expect(Buffer.from(reply.payload).toString()).not.toContain('secret');
    expect(bench.log).toEqual(['request failed: in /secret/place']);
  });

  it('makes a change durable before it answers when asked to', async () => {
    const disk = arrayDisk(filled(MIB));
    const { client } = await entered(style, disk);
    client.request({ command: Command.write, length: 512 }, style, filled(512));
    await client.reply();
    expect(disk.seen.flushes).toBe(0);
    for (const command of [Command.writeZeroes, Command.trim]) {
      client.request({ command, flags: CommandFlag.fua, length: 512 }, style);
      expect(outcome(await client.reply())).toBe('ok');
    }
    client.request({ command: Command.write, flags: CommandFlag.fua, length: 512 }, style, filled(512));
    await client.reply();
    client.request({ command: Command.flush }, style);
    await client.reply();
    expect(disk.seen.flushes).toBe(4);
  });

  it('answers what is under way when the client says goodbye, then closes', async () => {
    const { client, connection } = await entered(style, arrayDisk(filled(MIB)));
    for (let at = 0; at < 5; at++) client.request({ command: Command.read, offset: at, length: 1 }, style);
    client.request({ command: Command.disconnect }, style);
    for (let at = 0; at < 5; at++) expect(outcome(await client.reply(1))).toBe('ok');
    expect(await client.hungUp()).toBe(true);
    client.stream.end();
    await connection.ended;
  });

  it('hangs up on a request without its magic', async () => {
    const { client, bench, connection } = await entered(style, arrayDisk(filled(MIB)));
    client.send(Buffer.alloc(32, 7));
    expect(await client.hungUp()).toBe(true);
    await connection.ended;
    expect(bench.log).toEqual([expect.stringContaining('without its magic')]);
  });
});

describe('zeroes', () => {
  it('are written as data where the client wants no hole', async () => {
    const disk = arrayDisk(filled(3 * MIB));
    const calls: string[] = [];
    const writer = {
      ...disk.writer,
      write: async (offset: number, data: Uint8Array) =>
        void calls.push(`write ${offset} ${data.byteLength}`),
      zero: async (offset: number, length: number) => void calls.push(`zero ${offset} ${length}`),
      limits: { ...disk.writer.limits, maxBytes: 8 * MIB },
    };
    const { client } = await entered('simple', { reader: disk.reader, writer });
    client.request({ command: Command.writeZeroes, flags: CommandFlag.noHole, offset: 5, length: 2 * MIB });
    await client.reply();
    client.request({ command: Command.writeZeroes, offset: 5, length: 2 * MIB });
    await client.reply();
    expect(calls).toEqual([`write 5 ${MIB}`, `write ${MIB + 5} ${MIB}`, `zero 5 ${2 * MIB}`]);
  });

  it('go to clients that know chunks as a hole', async () => {
    const { client } = await entered('structured', arrayDisk(new Uint8Array(MIB)));
    client.request({ command: Command.read, offset: 4096, length: MIB / 2 });
    const { header, payload } = await client.reply();
    expect(header).toMatchObject({ type: ChunkType.offsetHole, flags: CHUNK_DONE });
    expect(parseHole(payload)).toEqual({ offset: 4096, length: MIB / 2 });
  });
});

describe('block status', () => {
  const contexts = [
    {
      name: 'x:odd',
      async *status({ offset, length }: { offset: number; length: number }) {
        for (let at = offset; at < offset + length; at++) yield { offset: at, length: 1, flags: at % 2 };
      },
    },
  ];
  const bytes = new Uint8Array(64 * KIB);
  bytes.fill(1, 8192, 16_384);

  it.each([
    ['structured', ChunkType.blockStatus],
    ['extended', ChunkType.blockStatusExtended],
  ] as const)('tells the runs of all chosen contexts with %s replies', async (style, type) => {
    const served = { reader: arrayDisk(bytes).reader, contexts };
    const { client } = await entered(style, served, ['base:allocation', 'x:odd']);
    client.request({ command: Command.blockStatus, offset: 8190, length: 5 }, style);
    const first = await client.reply();
    const second = await client.reply();
    expect(first.header).toMatchObject({ type, flags: 0 });
    expect(second.header).toMatchObject({ type, flags: CHUNK_DONE });
    const wide = style === 'extended';
    const flag = (value: number) => (wide ? BigInt(value) : value);
    expect(parseStatus(first.payload, wide)).toEqual({
      contextId: 0,
      descriptors: [
        { length: 2, flags: flag(3) },
        { length: 3, flags: flag(0) },
      ],
    });
    expect(parseStatus(second.payload, wide).descriptors).toEqual(
      [0, 1, 0, 1, 0].map((value) => ({ length: 1, flags: flag(value) })),
    );
  });

  it('tells one run when asked for one, and never more than fit a reply', async () => {
    const { client } = await entered('structured', { reader: arrayDisk(bytes).reader, contexts }, ['x:odd']);
    client.request({ command: Command.blockStatus, flags: CommandFlag.requestOne, length: 64 * KIB });
    expect(parseStatus((await client.reply()).payload, false).descriptors).toEqual([{ length: 1, flags: 0 }]);
    client.request({ command: Command.blockStatus, length: 64 * KIB });
    expect(parseStatus((await client.reply()).payload, false).descriptors).toHaveLength(8192);
  });

  it('tells what it has found so far of a disk in very many pieces', async () => {
    const pieces = {
      name: 'x:pieces',
      async *status({ offset, length }: { offset: number; length: number }) {
        for (let at = offset; at < offset + length; at++) yield { offset: at, length: 1, flags: 1 };
      },
    };
    const served = { reader: arrayDisk(new Uint8Array(MIB)).reader, contexts: [pieces] };
    const { client } = await entered('structured', served, ['x:pieces']);
    client.request({ command: Command.blockStatus, length: MIB });
    expect(parseStatus((await client.reply()).payload, false).descriptors).toEqual([
      { length: 65_536, flags: 1 },
    ]);
  });

  it('fails when the context leaves a gap', async () => {
    const gap = {
      name: 'x:gap',
      async *status({ offset }: { offset: number }) {
        yield { offset: offset + 1, length: 1, flags: 0 };
      },
    };
    const served = { reader: arrayDisk(bytes).reader, contexts: [gap] };
    const { client } = await entered('structured', served, ['x:gap']);
    client.request({ command: Command.blockStatus, length: 512 });
    expect(outcome(await client.reply())).toBe('EIO');
  });
});

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectNbd, listNbdContexts, listNbdExports } from '@sendense/blockio-nbd/client';
import { seededBytes } from '@sendense/testkit';
import { type NbdServerProcess, qemuImg, qemuIo, startNbdkit, startQemuNbd } from '@sendense/tests/nbd';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const MIB = 1024 * 1024;
let folder: string;
let server: NbdServerProcess | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-nbd-'));
});
afterEach(async () => {
  await server?.[Symbol.asyncDispose]();
  server = undefined;
  await rm(folder, { recursive: true });
});

const socket = () => join(folder, 'socket');
const address = () => ({ kind: 'unix', path: socket() }) as const;

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function dirtyImage(): Promise<string> {
  const image = join(folder, 'disk.qcow2');
  await qemuImg(['create', '-q', '-f', 'qcow2', image, '64M']);
  await qemuImg(['bitmap', '--add', image, 'one']);
  await qemuIo(['-f', 'qcow2', image], ['write -P 3 1M 128k', 'write -z 5M 64k']);
  return image;
}

describeWithPeers(['qemu-nbd', 'qemu-img', 'qemu-io', 'qemu-recent'], 'an export of qemu-nbd', () => {
  describe.each([{ recent: false }, { recent: true }])('recent: $recent', ({ recent }) => {
    it('tells allocation and a dirty bitmap at once, in the ranges that qemu wrote', async () => {
      const image = await dirtyImage();
      const what = {
        image,
        format: 'qcow2',
        socket: socket(),
        export: 'disk',
        bitmap: 'one',
        recent,
      } as const;
      server = await startQemuNbd(what);
      const contexts = ['base:allocation', 'qemu:dirty-bitmap:one', 'qemu:dirty-bitmap:other'];
      await using disk = await connectNbd({ address: address(), export: 'disk', contexts });
      expect(disk.contexts).toEqual(contexts.slice(0, 2));
      const range = { offset: 0, length: disk.sizeBytes };
      const dirty = await collect(disk.blockStatus('qemu:dirty-bitmap:one', range));
      const flag = recent ? (bit: number) => BigInt(bit) : (bit: number) => bit;
      expect(dirty).toEqual([
        { offset: 0, length: MIB, flags: flag(0) },
        { offset: MIB, length: 131_072, flags: flag(1) },
        { offset: MIB + 131_072, length: 4 * MIB - 131_072, flags: flag(0) },
        { offset: 5 * MIB, length: 65_536, flags: flag(1) },
        { offset: 5 * MIB + 65_536, length: 59 * MIB - 65_536, flags: flag(0) },
      ]);
      const allocated = await collect(disk.blockStatus('base:allocation', range));
      const data = allocated.filter(({ flags }) => (Number(flags) & 2) === 0);
      expect(data.map(({ offset, length }) => [offset, length])).toEqual([[MIB, 131_072]]);
      const joint = await collect(disk.jointStatus(['qemu:dirty-bitmap:one', 'base:allocation'], range));
      const told = joint.map(({ offset, length, flags: [bit, state] }) => [
        offset,
        length,
        Number(bit),
        Number(state) & 2,
      ]);
      expect(told.filter(([, , bit]) => bit === 1)).toEqual([
        [MIB, 131_072, 1, 0],
        [5 * MIB, 65_536, 1, 2],
      ]);
      expect(told.reduce((sum, [, length = 0]) => sum + length, 0)).toBe(disk.sizeBytes);
      await expect(collect(disk.blockStatus('qemu:dirty-bitmap:other', range))).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
    });

    it('writes, zeroes and trims through every size of request, and qemu-img finds the same bytes', async () => {
      const image = join(folder, 'disk.raw');
      await writeFile(image, seededBytes(1, 5 * MIB + 512));
      server = await startQemuNbd({ image, format: 'raw', socket: socket(), recent });
      const expected = Buffer.from(await readFile(image));
      {
        await using disk = await connectNbd({ address: address(), export: '', connections: 4 });
        const data = seededBytes(2, 3 * MIB);
        await disk.write(1000, data, { durable: true });
        expected.set(data, 1000);
        await disk.zero(100, 200_000, { noHole: true });
        await disk.zero(4 * MIB, MIB, { durable: true });
        expected.fill(0, 100, 200_100).fill(0, 4 * MIB, 5 * MIB);
        await disk.cache(0, MIB);
        await disk.flush();
        const read = Buffer.alloc(disk.sizeBytes);
        await disk.read(0, read);
        expect(Buffer.compare(read, expected)).toBe(0);
      }
      await server[Symbol.asyncDispose]();
      expect(Buffer.compare(await readFile(image), expected)).toBe(0);
    });
  });

  it('tells of 8 TiB in one answer with 64-bit headers, and zeroes them', async () => {
    const image = join(folder, 'disk.qcow2');
    await qemuImg(['create', '-q', '-f', 'qcow2', image, '8T']);
    server = await startQemuNbd({ image, format: 'qcow2', socket: socket(), recent: true });
    await using disk = await connectNbd({ address: address(), export: '', contexts: ['base:allocation'] });
    const all = { offset: 0, length: disk.sizeBytes };
    expect(await collect(disk.blockStatus('base:allocation', all))).toEqual([{ ...all, flags: 3n }]);
    await disk.zero(disk.sizeBytes - 300 * MIB, 300 * MIB, { fast: true });
  });

  it('refuses to change a read-only export without asking the server', async () => {
    server = await startQemuNbd({
      image: await dirtyImage(),
      format: 'qcow2',
      socket: socket(),
      readOnly: true,
    });
    await using disk = await connectNbd({ address: address(), export: '', connections: 4 });
    expect(disk).toMatchObject({ readOnly: true, multiConn: true });
    await expect(disk.write(0, new Uint8Array(512))).rejects.toMatchObject({ code: 'READ_ONLY' });
    await expect(disk.zero(0, 512)).rejects.toMatchObject({ code: 'READ_ONLY' });
  });

  it('says NOT_FOUND for an export that is not there, and lists those that are', async () => {
    server = await startQemuNbd({
      image: await dirtyImage(),
      format: 'qcow2',
      socket: socket(),
      export: 'disk',
    });
    await expect(connectNbd({ address: address(), export: 'other' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('/other?socket='),
    });
    expect(await listNbdExports({ address: address() })).toEqual([{ name: 'disk', description: '' }]);
    const contexts = await listNbdContexts({ address: address() }, { export: 'disk' });
    expect(contexts).toEqual(['base:allocation']);
  });

  it('goes on with one connection at a server that lets only one client in', async () => {
    const image = await dirtyImage();
    server = await startQemuNbd({ image, format: 'qcow2', socket: socket(), readOnly: true, clients: 2 });
    await using held = await connectNbd({ address: address(), export: '' });
    const warnings: unknown[] = [];
    const log = (record: unknown) => warnings.push(record);
    await using disk = await connectNbd({
      address: address(),
      export: '',
      connections: 2,
      handshakeTimeoutMs: 500,
      log,
    });
    const read = Buffer.alloc(512);
    await disk.read(MIB, read);
    expect(read).toEqual(Buffer.alloc(512, 3));
    expect(held.multiConn && warnings.length).toBe(1);
  });

  it('fails all requests under way with CONNECTION_LOST when the server dies, and all later ones', async () => {
    const image = join(folder, 'disk.raw');
    await writeFile(image, Buffer.alloc(64 * MIB, 7));
    server = await startQemuNbd({ image, format: 'raw', socket: socket() });
    await using disk = await connectNbd({ address: address(), export: '' });
    const reads = Array.from({ length: 8 }, (_, index) => disk.read(index * 8 * MIB, Buffer.alloc(8 * MIB)));
    const settling = Promise.allSettled(reads);
    await server.kill();
    const settled = await settling;
    const failed = settled.filter((result) => result.status === 'rejected');
    expect(failed.length).toBeGreaterThan(0);
    for (const { reason } of failed)
      expect(reason).toMatchObject({ code: 'CONNECTION_LOST', retry: 'later' });
    await expect(disk.read(0, Buffer.alloc(512))).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  });
});

describeWithPeers(['nbdkit'], 'an export of nbdkit', () => {
  it.each([
    ['EIO', 'CORRUPT'],
    ['ENOSPC', 'NO_SPACE'],
    ['EPERM', 'PERMISSION_DENIED'],
    ['ENOMEM', 'RATE_LIMITED'],
    ['ESHUTDOWN', 'CONNECTION_LOST'],
  ])('answers %s of the server with %s', async (errno, code) => {
    const args = ['1M', `error=${errno}`, 'error-rate=100%'];
    server = await startNbdkit({ plugin: 'memory', filters: ['error'], args, socket: socket() });
    await using disk = await connectNbd({ address: address(), export: '' });
    await expect(disk.read(0, Buffer.alloc(4096))).rejects.toMatchObject({ code });
    await expect(disk.write(0, Buffer.alloc(4096))).rejects.toMatchObject({ code });
  });

  it('goes on after an error of one request', async () => {
    const args = ['1M', 'error-pwrite=ENOSPC', 'error-pwrite-rate=100%'];
    server = await startNbdkit({ plugin: 'memory', filters: ['error'], args, socket: socket() });
    await using disk = await connectNbd({ address: address(), export: '' });
    await expect(disk.write(0, Buffer.alloc(4096))).rejects.toMatchObject({ code: 'NO_SPACE' });
    const read = Buffer.alloc(4096, 1);
    await disk.read(0, read);
    expect(read).toEqual(Buffer.alloc(4096));
  });

  it('gives up on a server that is slower than it may be, and on one that is not it waits', async () => {
    const args = ['1M', 'delay-read=2'];
    server = await startNbdkit({ plugin: 'memory', filters: ['delay'], args, socket: socket() });
    await using patient = await connectNbd({ address: address(), export: '' });
    await using hasty = await connectNbd({ address: address(), export: '', idleTimeoutMs: 200 });
    await expect(hasty.read(0, Buffer.alloc(512))).rejects.toMatchObject({ code: 'TIMEOUT', retry: 'later' });
    await expect(hasty.read(0, Buffer.alloc(512))).rejects.toMatchObject({ code: 'TIMEOUT' });
    const read = Buffer.alloc(512, 1);
    await patient.read(0, read);
    expect(read).toEqual(Buffer.alloc(512));
  });

  it('keeps to the block sizes of a server that refuses all others', async () => {
    const sizes = ['blocksize-minimum=4096', 'blocksize-preferred=8192', 'blocksize-maximum=20480'];
    const args = ['1M', ...sizes, 'blocksize-error-policy=error'];
    server = await startNbdkit({ plugin: 'memory', filters: ['blocksize-policy'], args, socket: socket() });
    await using disk = await connectNbd({ address: address(), export: '', connections: 2 });
    expect(disk.limits).toEqual({ minBytes: 4096, preferredBytes: 8192, maxBytes: 20_480 });
    const data = seededBytes(3, 200 * 4096);
    await disk.write(4096, data);
    const read = Buffer.alloc(data.byteLength);
    await disk.read(4096, read);
    expect(Buffer.compare(read, data)).toBe(0);
    await expect(disk.read(512, Buffer.alloc(512))).rejects.toMatchObject({ code: 'RANGE_INVALID' });
  });

  it('refuses at once to zero slowly where only fast zeroing was asked for', async () => {
    const args = ['1M', 'zeromode=emulate', 'fastzeromode=slow'];
    server = await startNbdkit({ plugin: 'memory', filters: ['nozero'], args, socket: socket() });
    await using disk = await connectNbd({ address: address(), export: '' });
    await disk.write(0, Buffer.alloc(8192, 5));
    await expect(disk.zero(0, 4096, { fast: true })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await disk.zero(0, 4096);
    const read = Buffer.alloc(8192);
    await disk.read(0, read);
    expect(read).toEqual(Buffer.alloc(8192, 5).fill(0, 0, 4096));
  });

  it('writes zeros itself where the server knows no zeroing', async () => {
    const filters = ['nozero'];
    const args = ['8M', 'zeromode=none'];
    server = await startNbdkit({ plugin: 'memory', filters, args, socket: socket() });
    await using disk = await connectNbd({ address: address(), export: '' });
    expect(disk.offers).toMatchObject({ zero: false });
    await disk.write(0, Buffer.alloc(8 * MIB, 5));
    await disk.zero(512, 4 * MIB);
    const read = Buffer.alloc(8 * MIB);
    await disk.read(0, read);
    expect(Buffer.compare(read, Buffer.alloc(8 * MIB, 5).fill(0, 512, 4 * MIB + 512))).toBe(0);
    await expect(disk.zero(0, 512, { fast: true })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });

  it('asks again and again for the status of a disk that is longer than a request can say', async () => {
    server = await startNbdkit({ plugin: 'memory', args: ['9G'], socket: socket() });
    await using disk = await connectNbd({ address: address(), export: '', contexts: ['base:allocation'] });
    const last = 9 * 1024 * MIB - 4096;
    await disk.write(last, Buffer.alloc(4096, 1));
    const runs = await collect(disk.blockStatus('base:allocation', { offset: 512, length: last + 3584 }));
    expect(runs[0]).toMatchObject({ offset: 512, flags: 3 });
    expect(runs.length).toBeGreaterThan(2);
    let at = 512;
    for (const { offset, length } of runs) {
      expect(offset).toBe(at);
      at += length;
    }
    expect(at).toBe(9 * 1024 * MIB);
    expect(runs.filter(({ flags }) => flags === 0).reduce((sum, { length }) => sum + length, 0)).toBe(32_768);
  });

  it('takes the padded answers of a server without the flag against them', async () => {
    server = await startNbdkit({
      plugin: 'memory',
      args: ['1M'],
      flags: ['--mask-handshake=1'],
      socket: socket(),
    });
    await using disk = await connectNbd({ address: address(), export: '' });
    expect(disk.sizeBytes).toBe(MIB);
  });
});

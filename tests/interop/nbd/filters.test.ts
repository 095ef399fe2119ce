import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectNbd, type NbdExport, openNbdReader, openNbdWriter } from '@sendense/blockio-nbd/client';
import { type NbdServer, startNbdServer } from '@sendense/blockio-nbd/server';
import { copyBlocks } from '@sendense/core';
import { collect, seededBytes } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FileExport, makeRawFile, openFileExport } from './file-export.ts';
import { type ProxyFilters, type ServedFile, startNbdkitProxy } from './served-file.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const SIZE = 4 * MIB;

let folder: string;
let disk: FileExport;
let server: NbdServer;
let proxy: ServedFile | undefined;
const log: string[] = [];
const path = (name: string) => join(folder, name);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-nbd-'));
  await makeRawFile(path('disk.raw'), SIZE, [
    { offset: 0, data: seededBytes(1, 700 * KIB) },
    { offset: SIZE - 4096, data: seededBytes(2, 4096) },
  ]);
  disk = await openFileExport(path('disk.raw'));
  const address = { kind: 'unix', path: path('ours.sock') } as const;
  server = await startNbdServer({ address, log: ({ message }) => log.push(message) });
});
afterEach(async () => {
  await proxy?.[Symbol.asyncDispose]();
  proxy = undefined;
  await server.stop();
  await disk[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
  log.length = 0;
});

/** Our client, through filters of nbdkit, at the export `''` of our server. */
async function through(filters: ProxyFilters): Promise<NbdExport> {
  proxy ??= await startNbdkitProxy(server.address, folder, filters);
  return connectNbd({ address: proxy.address, export: '', contexts: ['base:allocation'], connections: 2 });
}

/** Copies all of an export to a new file and compares it with the disk of the server. */
async function expectCopy(source: NbdExport): Promise<void> {
  await makeRawFile(path('copy.raw'), SIZE, []);
  await using copy = await openFileExport(path('copy.raw'));
  await using from = openNbdReader(source);
  const extents = from.extents({ offset: 0, length: SIZE });
  await copyBlocks({ from, to: copy.writer, extents });
  await copy.writer.flush();
  await expectSame('copy.raw');
}

/** Writes a new content over all of an export; gives the name of the file that holds it. */
async function fillFrom(seed: number, destination: NbdExport): Promise<string> {
  await makeRawFile(path('new.raw'), SIZE, [{ offset: MIB, data: seededBytes(seed, MIB) }]);
  await using content = await openFileExport(path('new.raw'));
  await using to = openNbdWriter(destination);
  const extents = content.reader.extents({ offset: 0, length: SIZE });
  await copyBlocks({ from: content.reader, to, extents });
  await to.flush();
  return 'new.raw';
}

async function expectSame(name: string): Promise<void> {
  expect(Buffer.compare(await readFile(path(name)), await readFile(path('disk.raw')))).toBe(0);
}

const plain: readonly (ProxyFilters & { readonly filter: string })[] = [
  { filter: 'delay', args: ['delay-read=5ms', 'delay-write=5ms', 'delay-extents=5ms'] },
  { filter: 'noextents' },
  { filter: 'nozero', args: ['zeromode=none'] },
  { filter: 'fua', args: ['fuamode=emulate'] },
  { filter: 'noparallel', args: ['serialize=connections'] },
  { filter: 'multi-conn', args: ['multi-conn-mode=disable'] },
];

describeWithPeers(['nbdkit'], 'our client, nbdkit nbd before our server', () => {
  describe.each(plain)('with filter $filter between', ({ filter, args = [] }) => {
    it('copies a disk out of it and another one into it', async () => {
      server.addExport('', disk);
      await expectCopy(await through({ filters: [filter], args }));
      await expectSame(await fillFrom(3, await through({ filters: [filter], args })));
    });
  });

  it('with filter error between: a refused request fails alone, with what the filter said', async () => {
    server.addExport('', disk);
    const fault = path('fault');
    const errors = ['error-pread=EIO', 'error-pwrite=ENOSPC', 'error-extents=ENOMEM'];
    const rates = ['pread', 'pwrite', 'extents'].flatMap((call) => [
      `error-${call}-rate=100%`,
      `error-${call}-file=${fault}`,
    ]);
    await using remote = await through({ filters: ['error'], args: [...errors, ...rates] });
    await writeFile(fault, '');
    const bytes = Buffer.alloc(4096);
    await expect(remote.read(0, bytes)).rejects.toMatchObject({ code: 'CORRUPT' });
    await expect(remote.write(0, bytes)).rejects.toMatchObject({ code: 'NO_SPACE' });
    const status = remote.blockStatus('base:allocation', { offset: 0, length: SIZE });
    await expect(collect(status)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await rm(fault);
    await remote.read(0, bytes);
    expect(bytes).toEqual(Buffer.from(seededBytes(1, 4096)));
    expect(log).toEqual([]);
  });

  it('with filter retry between: a disk of our server that fails once is asked again', async () => {
    let reads = 0;
    const { reader } = disk;
    const failing = {
      sizeBytes: reader.sizeBytes,
      limits: reader.limits,
      read: async (offset: number, into: Uint8Array) => {
        reads += 1;
        if (reads === 1) throw new Error('the disk hiccups');
        await reader.read(offset, into);
      },
      extents: reader.extents.bind(reader),
      [Symbol.asyncDispose]: async () => undefined,
    };
    server.addExport('', { reader: failing });
    await using remote = await through({ filters: ['retry'], args: ['retry-delay=1'] });
    const bytes = Buffer.alloc(4096);
    await remote.read(0, bytes);
    expect(bytes).toEqual(Buffer.from(seededBytes(1, 4096)));
    expect(reads).toBe(2);
    expect(log).toContain('request failed: the disk hiccups');
  });

  it('with filter blocksize-policy between: no request goes beyond the sizes it tells', async () => {
    server.addExport('', disk);
    const sizes = ['blocksize-minimum=4096', 'blocksize-preferred=16384', 'blocksize-maximum=65536'];
    const args = [...sizes, 'blocksize-error-policy=error'];
    const remote = await through({ filters: ['blocksize-policy'], args });
    expect(remote.limits).toEqual({ minBytes: 4096, preferredBytes: 16_384, maxBytes: 65_536 });
    await expectCopy(remote);
  });

  it('with filter checkwrite between: what is there may be written again, and nothing else', async () => {
    server.addExport('', disk);
    await using remote = await through({ filters: ['checkwrite'] });
    await remote.write(0, seededBytes(1, 700 * KIB));
    await remote.zero(MIB, MIB);
    await expect(remote.write(0, Buffer.alloc(512))).rejects.toMatchObject({ code: 'CORRUPT' });
    await expect(remote.zero(0, 512)).rejects.toMatchObject({ code: 'CORRUPT' });
  });
});

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type NbdServer, startNbdServer } from '@sendense/blockio-nbd/server';
import type { SocketAddress } from '@sendense/core';
import { seededBytes } from '@sendense/testkit';
import { nbdCopy, nbdInfo, nbdMap, nbdUri, qemuImg, qemuIo } from '@sendense/tests/nbd';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FileExport, makeRawFile, openFileExport } from './file-export.ts';
import { startNbdkitProxy } from './served-file.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const SIZE = 8 * MIB;

let folder: string;
let server: NbdServer;
let disk: FileExport;
const path = (name: string) => join(folder, name);

/** Data, zeros that are data to the file driver, and holes. */
const STRETCHES = [
  { offset: 0, data: seededBytes(1, 700 * KIB) },
  { offset: 2 * MIB + 512, data: seededBytes(2, 100 * KIB) },
  { offset: SIZE - 4096, data: seededBytes(3, 4096) },
];

async function setUp(address?: SocketAddress): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'sendense-nbd-'));
  await makeRawFile(path('disk.raw'), SIZE, STRETCHES);
  disk = await openFileExport(path('disk.raw'));
  server = await startNbdServer({ address: address ?? { kind: 'unix', path: path('nbd.sock') } });
  server.addExport('', disk);
}

async function tearDown(): Promise<void> {
  await server.stop();
  await disk[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
}

const uri = (name?: string) => nbdUri(server.address, name);

/** Whether two files hold the same bytes. */
async function same(left: string, right: string): Promise<boolean> {
  return (await readFile(left)).equals(await readFile(right));
}

const transports = [
  { transport: 'a unix socket', address: undefined },
  { transport: 'TCP', address: { kind: 'tcp', host: '127.0.0.1', port: 0 } },
] as const;

describeWithPeers(['nbdinfo', 'nbdcopy', 'nbdkit'], 'our server to libnbd and nbdkit', () => {
  describe.each(transports)('over $transport', ({ address }) => {
    beforeEach(() => setUp(address));
    afterEach(tearDown);

    it('says what it can do', async () => {
      expect(await nbdInfo(uri())).toMatchObject({
        protocol: 'newstyle-fixed',
        structured: true,
        exports: [
          {
            'export-size': SIZE,
            contexts: ['base:allocation'],
            is_read_only: false,
            can_cache: true,
            can_df: true,
            can_flush: true,
            can_fua: true,
            can_multi_conn: true,
            can_trim: true,
            can_zero: true,
            block_size_minimum: 1,
            block_size_maximum: 32 * MIB,
          },
        ],
      });
    });

    it.each([
      ['asynchronously', []],
      ['in large requests on four connections', ['--connections=4', '--request-size=2097152']],
      ['synchronously', ['--synchronous']],
    ])('gives all its bytes to nbdcopy %s', async (_how, flags) => {
      await nbdCopy(uri(), path('copy.raw'), ...flags);
      expect(await same(path('copy.raw'), path('disk.raw'))).toBe(true);
    });

    it.each([
      ['asynchronously', []],
      ['on four connections', ['--connections=4']],
      ['with every zero allocated', ['--allocated']],
    ])('takes all bytes from nbdcopy %s', async (_how, flags) => {
      await makeRawFile(path('in.raw'), SIZE, [{ offset: 3 * MIB, data: seededBytes(4, 2 * MIB) }]);
      await nbdCopy(path('in.raw'), uri(), '--flush', ...flags);
      expect(await same(path('in.raw'), path('disk.raw'))).toBe(true);
    });

    it('tells extra contexts beside its own', async () => {
      server.addExport('delta', {
        reader: disk.reader,
        contexts: [
          {
            name: 'qemu:dirty-bitmap:day',
            async *status({ offset, length }) {
              const half = Math.min(length, Math.max(0, 64 * KIB - offset));
              if (half > 0) yield { offset, length: half, flags: 1 };
              if (length > half) yield { offset: offset + half, length: length - half, flags: 0 };
            },
          },
        ],
      });
      expect(await nbdMap(uri('delta'), 'qemu:dirty-bitmap:day')).toMatchObject([
        { offset: 0, length: 64 * KIB, type: 1 },
        { offset: 64 * KIB, length: SIZE - 64 * KIB, type: 0 },
      ]);
      expect(await nbdInfo(uri(), '--list')).toMatchObject({
        exports: [
          { 'export-name': '', contexts: ['base:allocation'] },
          {
            'export-name': 'delta',
            contexts: ['base:allocation', 'qemu:dirty-bitmap:day'],
            is_read_only: true,
          },
        ],
      });
    });

    it('stands behind nbdkit, whose filters check what is written and count what is asked', async () => {
      const args = [`statsfile=${path('stats')}`];
      await using proxy = await startNbdkitProxy(server.address, folder, { filters: ['stats'], args });
      await makeRawFile(path('in.raw'), SIZE, [{ offset: 5 * MIB, data: seededBytes(5, MIB) }]);
      await nbdCopy(path('in.raw'), nbdUri(proxy.address), '--flush');
      expect(await same(path('in.raw'), path('disk.raw'))).toBe(true);
      await nbdCopy(nbdUri(proxy.address), path('out.raw'));
      expect(await same(path('out.raw'), path('disk.raw'))).toBe(true);
      await proxy[Symbol.asyncDispose]();
      expect(await readFile(path('stats'), 'utf8')).toMatch(/^read: \d+ ops/m);
    });
  });
});

const qemus = [
  { version: 'of the machine', recent: false },
  { version: 'with extended headers', recent: true },
] as const;

describeWithPeers(['qemu-img', 'qemu-io', 'qemu-recent'], 'our server to QEMU', () => {
  describe.each(qemus)('$version', ({ recent }) => {
    const choice = { recent };
    beforeEach(() => setUp());
    afterEach(tearDown);

    it('compares equal to the file behind it, and not to another', async () => {
      const compare = (file: string) => qemuImg(['compare', '-f', 'raw', '-F', 'raw', uri(), file], choice);
      expect(await compare(path('disk.raw'))).toContain('Images are identical.');
      await makeRawFile(path('other.raw'), SIZE, STRETCHES.slice(1));
      await expect(compare(path('other.raw'))).rejects.toMatchObject({
        stdout: expect.stringContaining('Content mismatch at offset 0'),
      });
    });

    it('is converted from and to', async () => {
      await qemuImg(['convert', '-f', 'raw', '-O', 'qcow2', uri(), path('copy.qcow2')], choice);
      const compare = ['compare', '-f', 'qcow2', '-F', 'raw', path('copy.qcow2'), path('disk.raw')];
      expect(await qemuImg(compare, choice)).toContain('Images are identical.');
      await makeRawFile(path('in.raw'), SIZE, [{ offset: 4 * MIB, data: seededBytes(6, 2 * MIB) }]);
      await qemuImg(['convert', '-n', '-W', '-f', 'raw', '-O', 'raw', path('in.raw'), uri()], choice);
      expect(await same(path('in.raw'), path('disk.raw'))).toBe(true);
    });

    it('takes writes, zeroes and discards of a guest, durable where asked', async () => {
      await qemuIo(
        ['-f', 'raw', uri()],
        [
          'write -P 9 64k 128k',
          'write -f -P 8 512 1024',
          'write -z 1M 64k',
          'write -z -u 2M 128k',
          'discard 0 4k',
          'flush',
          'read -P 9 64k 128k',
        ],
        choice,
      );
      const bytes = await readFile(path('disk.raw'));
      const expected = Buffer.alloc(SIZE);
      for (const { offset, data } of STRETCHES) expected.set(data, offset);
      expected.fill(9, 64 * KIB, 192 * KIB).fill(8, 512, 1536);
      expected
        .fill(0, MIB, MIB + 64 * KIB)
        .fill(0, 2 * MIB, 2 * MIB + 128 * KIB)
        .fill(0, 0, 4096);
      expect(Buffer.compare(bytes, expected)).toBe(0);
    });

    it('tells its zeros and the changed ranges of an increment', async () => {
      const giant = 64 * 1024 * MIB;
      const asked: number[] = [];
      server.addExport('giant', sparseDisk(giant, asked));
      const { kind, ...where } = server.address;
      expect(kind).toBe('unix');
      const node = { driver: 'nbd', export: 'giant', server: { type: 'unix', ...where } };
      const map = async (extra: object) => {
        const image = `json:${JSON.stringify({ driver: 'raw', file: { ...node, ...extra } })}`;
        const runs: unknown = JSON.parse(await qemuImg(['map', '--output=json', image], choice));
        return runs;
      };
      expect(await map({})).toMatchObject([
        { start: 0, length: MIB, zero: false, data: true },
        { start: MIB, length: giant - MIB, zero: true, data: false },
      ]);
      // QEMU shows a dirty range as one without data.
      expect(await map({ 'x-dirty-bitmap': 'qemu:dirty-bitmap:day' })).toMatchObject([
        { start: 0, length: giant / 2, data: true },
        { start: giant / 2, length: giant / 2, data: false },
      ]);
      const most = Math.max(...asked);
      if (recent) expect(most).toBeGreaterThan(2 ** 32);
      else expect(most).toBeLessThan(2 ** 32);
    });

    it('refuses what it cannot do and keeps the connection', async () => {
      server.addExport('read-only', { reader: disk.reader });
      const write = () => qemuIo(['-f', 'raw', uri('read-only')], ['write 0 512'], choice);
      await expect(write()).rejects.toThrow();
      await qemuIo(['-r', '-f', 'raw', uri('read-only')], ['read 0 512', 'read 8388096 512'], choice);
    });
  });
});

/** A disk with a little data at its start, the second half of which has changed; notes the lengths it is asked about. */
function sparseDisk(sizeBytes: number, asked: number[]) {
  return {
    reader: {
      sizeBytes,
      limits: { alignmentBytes: 512, maxBytes: MIB, maxInFlight: 4, order: 'random' as const },
      async read(offset: number, into: Uint8Array) {
        into.fill(offset < MIB ? 1 : 0);
      },
      async *extents({ offset, length }: { offset: number; length: number }) {
        asked.push(length);
        const data = Math.min(length, Math.max(0, MIB - offset));
        if (data > 0) yield { offset, length: data, kind: 'data' as const };
        if (length > data) yield { offset: offset + data, length: length - data, kind: 'zero' as const };
      },
      async [Symbol.asyncDispose]() {},
    },
    contexts: [
      {
        name: 'qemu:dirty-bitmap:day',
        async *status({ offset, length }: { offset: number; length: number }) {
          const clean = Math.min(length, Math.max(0, sizeBytes / 2 - offset));
          if (clean > 0) yield { offset, length: clean, flags: 0 };
          if (length > clean) yield { offset: offset + clean, length: length - clean, flags: 1 };
        },
      },
    ],
  };
}

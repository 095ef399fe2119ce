import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectNbd } from '@sendense/blockio-nbd/client';
import { seededBytes } from '@sendense/testkit';
import { nbdCopy, nbdInfo, nbdMap, nbdUri, qemuImg } from '@sendense/tests/nbd';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeRawFile } from './file-export.ts';
import {
  type ServedFile,
  type ServeFile,
  serveByNbdkit,
  serveByNbdkitBeforeOurs,
  serveByOurs,
  serveByQemu,
} from './served-file.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const SIZE = 4 * MIB;

let folder: string;
let server: ServedFile | undefined;
const path = (name: string) => join(folder, name);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-nbd-'));
  await makeRawFile(path('disk.raw'), SIZE, [{ offset: MIB, data: seededBytes(1, 300 * KIB) }]);
});
afterEach(async () => {
  await server?.[Symbol.asyncDispose]();
  server = undefined;
  await rm(folder, { recursive: true });
});

const servers: readonly { readonly at: string; readonly serve: ServeFile }[] = [
  { at: 'our server', serve: serveByOurs },
  { at: 'qemu-nbd', serve: serveByQemu(false) },
  { at: 'qemu-nbd with extended headers', serve: serveByQemu(true) },
  { at: 'nbdkit', serve: serveByNbdkit },
  { at: 'nbdkit before our server', serve: serveByNbdkitBeforeOurs },
];

const opened = (served: ServedFile) =>
  connectNbd({ address: served.address, export: '', contexts: ['base:allocation'], connections: 2 });

/** All bytes of the export by our client. */
async function readAll(served: ServedFile): Promise<Buffer> {
  await using disk = await opened(served);
  const bytes = Buffer.alloc(disk.sizeBytes);
  await disk.read(0, bytes);
  return bytes;
}

/** Data and zeroes by our client, durable; gives what the disk holds then. */
async function writeSome(served: ServedFile): Promise<Buffer> {
  const expected = await readFile(path('disk.raw'));
  const data = seededBytes(2, 700 * KIB);
  await using disk = await opened(served);
  await disk.write(2 * MIB - 512, data);
  await disk.zero(MIB, 100 * KIB);
  await disk.flush();
  expected.set(data, 2 * MIB - 512);
  return expected.fill(0, MIB, MIB + 100 * KIB);
}

/** Each writes and reads a whole disk at an NBD server. */
const programs = [
  {
    program: 'nbdcopy',
    put: (file: string, uri: string) => nbdCopy(file, uri, '--flush'),
    get: (uri: string, file: string) => nbdCopy(uri, file),
  },
  {
    program: 'qemu-img',
    put: async (file: string, uri: string) => {
      await qemuImg(['convert', '-n', '-f', 'raw', '-O', 'raw', file, uri]);
    },
    get: async (uri: string, file: string) => {
      await qemuImg(['convert', '-f', 'raw', '-O', 'raw', uri, file]);
    },
  },
];

const peers = ['nbdinfo', 'nbdcopy', 'nbdkit', 'qemu-nbd', 'qemu-img', 'qemu-recent'];

describeWithPeers(peers, 'at', () => {
  describe.each(servers)('$at', ({ serve }) => {
    it('our client sees the disk that nbdinfo sees', async () => {
      server = await serve(folder);
      const uri = nbdUri(server.address);
      await using disk = await opened(server);
      const { offers } = disk;
      expect(await nbdInfo(uri)).toMatchObject({
        exports: [
          {
            'export-size': disk.sizeBytes,
            is_read_only: disk.readOnly,
            can_multi_conn: disk.multiConn,
            can_zero: offers.zero,
            can_fast_zero: offers.fastZero,
            can_trim: offers.trim,
            can_cache: offers.cache,
            can_flush: offers.flush,
            can_fua: offers.fua,
          },
        ],
      });
      const runs: object[] = [];
      const all = { offset: 0, length: disk.sizeBytes };
      for await (const { flags, ...run } of disk.blockStatus('base:allocation', all))
        runs.push({ ...run, type: Number(flags) });
      expect(await nbdMap(uri)).toMatchObject(runs);
    });

    it.each(programs)(
      'our client reads what $program wrote, and the other way round',
      async ({ put, get }) => {
        server = await serve(folder);
        const uri = nbdUri(server.address);
        await makeRawFile(path('in.raw'), SIZE, [{ offset: 3 * MIB, data: seededBytes(3, 500 * KIB) }]);
        await put(path('in.raw'), uri);
        expect(Buffer.compare(await readAll(server), await readFile(path('in.raw')))).toBe(0);
        const written = await writeSome(server);
        await get(uri, path('out.raw'));
        expect(Buffer.compare(await readFile(path('out.raw')), written)).toBe(0);
      },
    );
  });
});

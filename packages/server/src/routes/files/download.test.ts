import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { diskId, type PointReader, pointId, type Repository } from '@sendense/core';
import { createFileRestore, FindingList } from '@sendense/file-restore';
import { createMemoryDisk, DiskContent } from '@sendense/testkit';
import type { FastifyReply } from 'fastify';
import { expect, it } from 'vitest';
import { type Download, download } from './download.ts';
import type { Mount } from './mounts.ts';

const DISK_BYTES = 1024 * 1024;

/** An empty FAT12 file system as a disk: its boot sector and zeros ("Microsoft FAT Specification"). */
function emptyFat(): DiskContent {
  const boot = Buffer.alloc(512);
  boot.writeUInt16LE(512, 11); // bytes of a sector
  boot[13] = 1; // sectors of a cluster
  boot.writeUInt16LE(1, 14); // sectors before the table
  boot[16] = 1; // tables
  boot.writeUInt16LE(16, 17); // entries of the root folder
  boot.writeUInt16LE(DISK_BYTES / 512, 19);
  boot.writeUInt16LE(6, 22); // sectors of the table
  boot.write('FAT12   ', 54, 'latin1');
  const content = new DiskContent(DISK_BYTES);
  content.write(0, boot);
  return content;
}

/** A point that holds that disk. */
function pointOfFat(): PointReader {
  const reader = createMemoryDisk({ sizeBytes: DISK_BYTES, content: emptyFat() }).openReader();
  const id = diskId('disk');
  return {
    point: { id: pointId('point'), disks: [{ id, number: 0 }] },
    disks: [{ id, sizeBytes: DISK_BYTES, sectorBytes: 512, reader }],
    artifacts: [],
    [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
  } as unknown as PointReader;
}

/** A reply that nobody has begun to send. */
function emptyReply(): FastifyReply {
  const raw = new ServerResponse(new IncomingMessage(new Socket()));
  return { raw, header: () => undefined } as unknown as FastifyReply;
}

it('A client that has left ends nothing but its own download, also at the root of a volume that is found without a read', async () => {
  await using files = await createFileRestore();
  const repository = { open: async () => pointOfFat() } as unknown as Repository;
  const session = await files.open(repository, pointId('point'));
  expect(session.volumes).toMatchObject([{ id: 'disk-0', fileSystem: 'fat12', access: 'in-process' }]);
  const { id, point } = session;
  const place = { tenant: null, repository, repositoryName: 'main' };
  const mount: Mount = { id, session, folder: null, ...place, point, told: new FindingList() };
  for (const path of ['/', '/disk-0']) {
    const archive: Download['archive'] = (begin) => begin(mount.told.add);
    const asked = { path, format: undefined, reply: emptyReply(), archive };
    await expect(download(mount, { ...asked, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORTED',
      operation: 'download-file',
    });
    const sent = await download(mount, { ...asked, signal: new AbortController().signal });
    expect((await buffer(sent)).byteLength).toBeGreaterThan(1024);
  }
});

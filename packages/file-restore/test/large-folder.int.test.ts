import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFileDriver } from '@sendense/blockio-file';
import type { BlockReader } from '@sendense/core';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { browse, contentOf, namesOf } from './support/browse.ts';
import { makeManyFiles, manyNames } from './support/many-files.ts';
import { run } from './support/program.ts';
import { pointOf } from './support/raw-point.ts';

const FILES = 100_000;
/** Requests of a store far away, several at once. */
const MOST_READS = 256;
const FEATURES = 'extent,64bit,flex_bg,dir_index,uninit_bg';

let folder = '';
let image = '';

/** A disk that counts what is read of it. */
async function openCountedDisk(): Promise<{
  reader: BlockReader;
  read: { requests: number; bytes: number };
}> {
  const inner = await createFileDriver().openReader({ kind: 'file', path: image });
  const read = { requests: 0, bytes: 0 };
  const reader: BlockReader = {
    sizeBytes: inner.sizeBytes,
    limits: { ...inner.limits, maxInFlight: 32 },
    async read(offset, into, call) {
      read.requests += 1;
      read.bytes += into.byteLength;
      await inner.read(offset, into, call);
    },
    extents: (range, call) => inner.extents(range, call),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
  return { reader, read };
}

describeWithPeers(['ext4-tools', 'loop-mounts'], 'a folder of 100,000 files on a disk of 100 GB', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sendense-large-'));
    image = join(folder, 'disk.raw');
    const mount = join(folder, 'mount');
    await mkdir(mount);
    run('mke2fs', [
      '-q',
      '-F',
      '-t',
      'ext4',
      '-j',
      '-O',
      FEATURES,
      '-E',
      'lazy_itable_init=1',
      image,
      '100G',
    ]);
    run('mount', ['-o', 'loop', image, mount]);
    try {
      makeManyFiles(join(mount, 'many'), manyNames(FILES));
    } finally {
      run('umount', [mount]);
    }
  }, 240_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is opened and its first page listed by at most 256 reads, of a two-thousandth of the disk', async () => {
    const { reader, read } = await openCountedDisk();
    await using session = await browse(pointOf([reader]));
    expect((await session.list('/many')).entries).toHaveLength(1000);
    expect(read.requests).toBeLessThanOrEqual(MOST_READS);
    expect(read.bytes).toBeLessThan(reader.sizeBytes / 2000);
  });

  it('is listed whole, each name once, and files are found in it', async () => {
    const reader = await createFileDriver().openReader({ kind: 'file', path: image });
    await using session = await browse(pointOf([reader]));
    const names = new Set(await namesOf(session, '/many', 7000));
    expect(names.size).toBe(FILES);
    for (let index = 0; index < FILES; index += 997) expect(names.has(`file ${index}`)).toBe(true);
    expect(String(await contentOf(session, '/many/file 42000'))).toBe('42000\n');
  });
});

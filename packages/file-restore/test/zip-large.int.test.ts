import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { memoryInUse } from '@sendense/tests/collect-garbage';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ZipDirectory } from '../src/archive/zip-directory.ts';
import { centralRecord, dataDescriptor, localHeader, type ZipEntry } from '../src/archive/zip-records.ts';
import { zipTree } from '../src/archive/zip-tree.ts';
import { madeFiles } from './support/made-files.ts';
import { run } from './support/program.ts';

const MIB = 2 ** 20;
const FILES = 100_000;
/** So that their content, if it were kept, were twice what may be. */
const CONTENT_BYTES = 1000;
const FAR_BYTES = 4.5 * 2 ** 30;
const SMALL = Buffer.from('behind four gibibytes');

let folder = '';
const scratch = (name: string): string => join(folder, name);

const LIST = `
import sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
names = archive.namelist()
print(len(names), len(set(names)), archive.read('all/file 99999').decode()[:13], archive.testzip())
`;

const READ_SMALL = `
import sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
print(archive.getinfo('zeros').file_size, *(archive.read(name).decode() for name in ('small', 'smaller')))
`;

describeWithPeers(['zip-tools'], 'a large zip', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sendense-zip-large-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('of 100,000 files keeps in memory what its directory takes, and each is in it once', async () => {
    const reader = madeFiles(FILES, (index) => Buffer.from(`content ${index}`.padEnd(CONTENT_BYTES, '.')));
    const begin = await reader.stat(reader.root);
    const before = memoryInUse();
    let [pieces, most] = [0, before];
    await using file = await open(scratch('many.zip'), 'w');
    const request = {
      reader,
      begin,
      name: 'all',
      volumeBytes: 0,
      onFinding: (finding: unknown) => expect(finding).toBeNull(),
    };
    for await (const bytes of zipTree(request)) {
      await file.write(bytes);
      pieces += 1;
      if (pieces % 10_000 === 0) most = Math.max(most, memoryInUse());
    }
    expect(pieces).toBeGreaterThan(FILES);
    expect(most - before).toBeLessThan(48 * MIB);
    expect(run('/usr/bin/python3', ['-c', LIST, scratch('many.zip')]).trim()).toBe(
      `${FILES + 1} ${FILES + 1} content 99999 None`,
    );
    expect(run('zipinfo', ['-h', scratch('many.zip')])).toContain(`number of entries: ${FILES + 1}`);
  });

  it('names what lies behind 4 GiB so that others find it', async () => {
    await using file = await open(scratch('far.zip'), 'w');
    const directory = new ZipDirectory();
    let at = 0;
    const put = async (bytes: Uint8Array): Promise<void> => {
      await file.write(bytes, 0, bytes.byteLength, at);
      at += bytes.byteLength;
    };
    // its zeros are read by nobody: files of that size are checked byte by byte elsewhere
    const far: ZipEntry = { ...plain('zeros'), sizesFollow: true, hasLongSizes: true };
    const content = { crc32: 0, sizeBytes: FAR_BYTES, storedBytes: FAR_BYTES };
    await put(localHeader(far));
    at += FAR_BYTES;
    await put(dataDescriptor(far, content));
    directory.add(centralRecord(far, content, 0));
    for (const name of ['small', 'smaller']) {
      const small = { crc32: crc32(SMALL), sizeBytes: SMALL.byteLength, storedBytes: SMALL.byteLength };
      directory.add(centralRecord(plain(name), small, at));
      await put(localHeader(plain(name), small));
      await put(SMALL);
    }
    for (const bytes of directory.end(at)) await put(bytes);
    for (const name of ['small', 'smaller'])
      expect(run('unzip', ['-p', scratch('far.zip'), name])).toBe(String(SMALL));
    expect(run('zipinfo', ['-l', scratch('far.zip')])).toMatch(
      new RegExp(`${FAR_BYTES}.*${FAR_BYTES} stor .* zeros\n.* small\n.* smaller\n`, 'u'),
    );
    expect(run('unzip', ['-tq', scratch('far.zip'), 'small', 'smaller'])).toContain('No errors detected');
    expect(run('/usr/bin/python3', ['-c', READ_SMALL, scratch('far.zip')]).trim()).toBe(
      [FAR_BYTES, String(SMALL), String(SMALL)].join(' '),
    );
  });
});

function plain(name: string): ZipEntry {
  return {
    name: Buffer.from(name),
    isUtf8: true,
    unixMode: 0o100_644,
    isFolder: false,
    uid: 0,
    gid: 0,
    mtimeNs: 0n,
    isDeflated: false,
    sizesFollow: false,
    hasLongSizes: false,
  };
}

import { execFileSync } from 'node:child_process';
import { link, mkdir, mkdtemp, open, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileSystemReader } from '@sendense/file-restore';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MountedFolder } from './mounted-folder.ts';
import { MountedReader } from './mounted-reader.ts';

let folder = '';
let mounted: MountedFolder;
let reader: FileSystemReader;
const whole = { offset: 0, length: Number.MAX_SAFE_INTEGER };

async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function nodeOf(name: string) {
  const entry = await reader.lookup(reader.root, name);
  if (entry === undefined) throw new Error(`there is no ${name}`);
  return reader.stat(entry.node);
}

describe.runIf(process.platform === 'linux')('a folder that another thread reads', () => {
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sendense-folder-'));
    mounted = new MountedFolder({ root: folder, served: folder });
    reader = new MountedReader('any', mounted);
  });
  afterEach(async () => {
    await mounted[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  it('Two names of a file are one node, and each is read by it', async () => {
    await writeFile(join(folder, 'one'), 'the same');
    await link(join(folder, 'one'), join(folder, 'two'));
    const [one, two] = [await nodeOf('one'), await nodeOf('two')];
    expect(two).toEqual(one);
    expect(one).toMatchObject({ type: 'file', sizeBytes: 8, links: 2 });
    expect(await allOf(reader.read(two.node, whole))).toEqual([
      { offset: 0, bytes: new Uint8Array(Buffer.from('the same')) },
    ]);
  });

  it('A folder is listed page by page, each name once', async () => {
    for (let index = 0; index < 7; index += 1) await writeFile(join(folder, `file ${index}`), '');
    const names: string[] = [];
    let from: string | undefined;
    do {
      const page = await reader.list(reader.root, { from, limit: 3 });
      names.push(...page.entries.map(({ name }) => name));
      from = page.next;
    } while (from !== undefined);
    expect(names.sort()).toEqual(Array.from({ length: 7 }, (_, index) => `file ${index}`));
    for (const wrong of ['-1', '8', '', 'x'])
      await expect(reader.list(reader.root, { from: wrong, limit: 3 })).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
      });
  });

  it('Zeros of a file that takes less than it is long are holes, and what is read lies where the data is told', async () => {
    await using file = await open(join(folder, 'holes'), 'w');
    await file.truncate(5_000_000);
    await file.write('in the middle', 2_000_000);
    const { node } = await nodeOf('holes');
    const block = Math.floor(2_000_000 / 4096) * 4096;
    expect(await allOf(reader.extents(node, whole))).toEqual([
      { offset: 0, length: block, kind: 'zero' },
      { offset: block, length: 4096, kind: 'data' },
      { offset: block + 4096, length: 5_000_000 - block - 4096, kind: 'zero' },
    ]);
    const pieces = await allOf(reader.read(node, whole));
    expect(pieces.map(({ offset, bytes }) => [offset, bytes.byteLength])).toEqual([[block, 4096]]);
  });

  it('A part of a file is what lies there, across the pieces in which it is asked for', async () => {
    const bytes = Buffer.alloc(2_500_000, 'abcdefg');
    await writeFile(join(folder, 'file'), bytes);
    const { node } = await nodeOf('file');
    const pieces = await allOf(reader.read(node, { offset: 1_000_001, length: 1_200_000 }));
    expect(pieces[0]?.offset).toBe(1_000_001);
    expect(
      Buffer.concat(pieces.map((piece) => piece.bytes)).equals(bytes.subarray(1_000_001, 2_200_001)),
    ).toBe(true);
  });

  it('Links, pipes and folders are told as such and never read as files, and links are not followed', async () => {
    await mkdir(join(folder, 'folder'));
    await symlink('/etc/passwd', join(folder, 'link'));
    await symlink('/etc', join(folder, 'way'));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    for (const [name, type] of [
      ['folder', 'directory'],
      ['link', 'symlink'],
      ['pipe', 'fifo'],
    ] as const) {
      const stat = await nodeOf(name);
      expect(stat.type).toBe(type);
      await expect(allOf(reader.read(stat.node, whole))).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
      });
    }
    const { node } = await nodeOf('way');
    await expect(reader.list(node, { limit: 10 })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(await reader.readLink(node)).toBe('/etc');
  });

  it('A call that was cancelled rejects, and the next one is answered', async () => {
    await writeFile(join(folder, 'file'), 'bytes');
    const { node } = await nodeOf('file');
    const controller = new AbortController();
    const cancelled = reader.stat(node, { signal: controller.signal });
    controller.abort();
    await expect(cancelled).rejects.toMatchObject({ code: 'ABORTED' });
    expect((await reader.stat(node)).sizeBytes).toBe(5);
  });

  it('Once it was closed nothing is read any more', async () => {
    await mounted[Symbol.asyncDispose]();
    await expect(reader.list(reader.root, { limit: 1 })).rejects.toMatchObject({ code: 'NOT_OPEN' });
  });

  it('A folder that is not there is told by whatever is asked of it', async () => {
    await using nowhere = new MountedFolder({ root: join(folder, 'nowhere'), served: folder });
    const place = { folder: 0, way: [] };
    await expect(nowhere.ask({ kind: 'list', place })).rejects.toMatchObject({ code: 'CORRUPT' });
  });
});

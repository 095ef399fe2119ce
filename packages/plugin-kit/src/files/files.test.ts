import { mkdtemp, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FileSystem } from './file-system.ts';
import { mapErrno } from './map-errno.ts';
import { nodeFileSystem } from './node-file-system.ts';
import { readSmallFile, unfinishedFilesOf, writeFileDurably } from './small-files.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-files-'));
});
afterEach(() => rm(folder, { recursive: true }));

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array) => new TextDecoder().decode(data);

/** A file system that notes its steps and fails at one of them. */
function noted(
  failAt = '',
  beside: (step: string) => Promise<void> = async () => undefined,
): { readonly steps: string[]; readonly fs: FileSystem } {
  const steps: string[] = [];
  const step = (name: string): void => {
    steps.push(name);
    if (name === failAt) throw mapErrno(Object.assign(new Error(), { code: 'ENOSPC' }), name, folder);
  };
  return {
    steps,
    fs: {
      ...nodeFileSystem,
      async open(path, mode) {
        step(`open ${mode}`);
        const file = await nodeFileSystem.open(path, mode);
        return {
          read: (into, position) => file.read(into, position),
          async write(data, position) {
            step('write');
            await file.write(data, position);
            await beside('write');
          },
          truncate: (sizeBytes) => file.truncate(sizeBytes),
          async sync() {
            step('sync');
            await file.sync();
            await beside('sync');
          },
          size: () => file.size(),
          [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
        };
      },
      async rename(from, to) {
        step('rename');
        await beside('rename');
        await nodeFileSystem.rename(from, to);
      },
      async syncDirectory(path) {
        step('sync folder');
        return nodeFileSystem.syncDirectory(path);
      },
    },
  };
}

describe('writeFileDurably', () => {
  it('writes beside, syncs, renames and syncs the folder, in this order', async () => {
    const { steps, fs } = noted();
    const path = join(folder, 'record.json');
    await writeFileDurably(fs, path, bytes('new'));
    expect(steps).toEqual(['open create', 'write', 'sync', 'rename', 'sync folder']);
    expect(text(await readSmallFile(nodeFileSystem, path, 100))).toBe('new');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await nodeFileSystem.list(folder)).toEqual(['record.json']);
  });

  it.each(['open create', 'write', 'sync', 'rename'])(
    'keeps the old bytes when %s fails, and works again after',
    async (step) => {
      const path = join(folder, 'record.json');
      await writeFileDurably(nodeFileSystem, path, bytes('old'));
      await expect(writeFileDurably(noted(step).fs, path, bytes('new'))).rejects.toMatchObject({
        code: 'NO_SPACE',
      });
      expect(text(await readSmallFile(nodeFileSystem, path, 100))).toBe('old');
      expect(await nodeFileSystem.list(folder)).toEqual(['record.json']);
      await writeFileDurably(nodeFileSystem, path, bytes('newer'));
      expect(text(await readSmallFile(nodeFileSystem, path, 100))).toBe('newer');
    },
  );
});

describe('several processes that write a file durably at once', () => {
  const path = () => join(folder, 'record.json');

  it('leave the bytes of one of them, whole, and nothing beside it', async () => {
    const texts = Array.from({ length: 16 }, (_, writer) => `${writer} `.repeat(20_000 - writer * 1000));
    await Promise.all(texts.map((one) => writeFileDurably(nodeFileSystem, path(), bytes(one))));
    expect(texts).toContain(text(await readSmallFile(nodeFileSystem, path(), 2 ** 20)));
    expect(await nodeFileSystem.list(folder)).toEqual(['record.json']);
  });

  it('do not take what the other has written so far for a leftover, whenever it comes', async () => {
    for (const during of ['write', 'sync', 'rename']) {
      let isBeside = false;
      const { fs } = noted('', async (step) => {
        if (step !== during || isBeside) return;
        isBeside = true;
        await writeFileDurably(nodeFileSystem, path(), bytes('other'));
      });
      await writeFileDurably(fs, path(), bytes('slow'));
      expect(isBeside).toBe(true);
      expect(text(await readSmallFile(nodeFileSystem, path(), 100))).toBe('slow');
      expect(await nodeFileSystem.list(folder)).toEqual(['record.json']);
    }
  });

  it('leave what others write, and remove what one that died left a day ago', async () => {
    const id = '00000000-0000-4000-8000-000000000000';
    const names = [
      `record.json.${id}.tmp`,
      `record.json.1${id.slice(1)}.tmp`,
      `other.json.${id}.tmp`,
      'record.json.tmp',
    ];
    for (const name of names) await writeFile(join(folder, name), '');
    const twoDaysAgo = new Date(Date.now() - 2 * 24 * 3600 * 1000);
    for (const name of names.slice(1)) await utimes(join(folder, name), twoDaysAgo, twoDaysAgo);
    await writeFileDurably(nodeFileSystem, path(), bytes('new'));
    const left = ['other.json', 'record.json', 'record.json'].map((name, at) =>
      at < 2 ? `${name}.${id}.tmp` : `${name}.tmp`,
    );
    expect([...(await nodeFileSystem.list(folder))].sort()).toEqual([...left, 'record.json'].sort());
    expect(await unfinishedFilesOf(nodeFileSystem, path())).toEqual([join(folder, `record.json.${id}.tmp`)]);
  });
});

describe('readSmallFile', () => {
  it('refuses a file above the limit', async () => {
    const path = join(folder, 'large');
    await writeFile(path, new Uint8Array(101));
    await expect(readSmallFile(nodeFileSystem, path, 100)).rejects.toMatchObject({ code: 'FORMAT_INVALID' });
  });
});

describe('nodeFileSystem', () => {
  it('creates files that only the owner can read, and refuses to create one twice', async () => {
    const path = join(folder, 'a');
    await using file = await nodeFileSystem.open(path, 'create');
    await file.write(bytes('abc'), 2);
    expect(await file.size()).toBe(5);
    const into = new Uint8Array(8);
    expect(await file.read(into, 1)).toBe(4);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await expect(nodeFileSystem.open(path, 'create')).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    await file[Symbol.asyncDispose]();
  });

  it('makes folders that only the owner can enter', async () => {
    await nodeFileSystem.makeDirectory(join(folder, 'b/c'));
    await nodeFileSystem.makeDirectory(join(folder, 'b/c'));
    expect((await stat(join(folder, 'b'))).mode & 0o777).toBe(0o700);
    expect(await nodeFileSystem.syncDirectory(join(folder, 'b'))).toBe(true);
  });

  it('knows what a path names, through links, and nothing of a path that is not there', async () => {
    await writeFile(join(folder, 'file'), 'x'.repeat(10), { mode: 0o640 });
    await symlink('file', join(folder, 'link'));
    const status = await nodeFileSystem.stat(join(folder, 'link'));
    expect(status).toMatchObject({ kind: 'file', sizeBytes: 10, mode: 0o640 });
    expect(await nodeFileSystem.stat(join(folder, 'none'))).toBeUndefined();
    expect(await nodeFileSystem.stat(join(folder, 'file/none'))).toBeUndefined();
    expect(await nodeFileSystem.list(folder)).toEqual(['file', 'link']);
  });

  it('links only to a name that is free, and tells of space', async () => {
    await writeFile(join(folder, 'one'), '1');
    await writeFile(join(folder, 'two'), '2');
    await expect(nodeFileSystem.link(join(folder, 'one'), join(folder, 'two'))).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
    });
    await nodeFileSystem.link(join(folder, 'one'), join(folder, 'three'));
    await nodeFileSystem.unlink(join(folder, 'one'));
    await expect(nodeFileSystem.unlink(join(folder, 'one'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const space = await nodeFileSystem.space(folder);
    expect(space.totalBytes).toBeGreaterThanOrEqual(space.availableBytes);
  });
});

describe('mapErrno', () => {
  it.each([
    ['ENOENT', 'NOT_FOUND', 'never'],
    ['ENOSPC', 'NO_SPACE', 'later'],
    ['EDQUOT', 'QUOTA_EXCEEDED', 'later'],
    ['EIO', 'CORRUPT', 'never'],
    ['ESTALE', 'CONNECTION_LOST', 'later'],
    ['EWEIRD', 'UNEXPECTED', 'never'],
  ])('%s is %s', (errno, code, retry) => {
    const error = mapErrno(Object.assign(new Error('x'), { code: errno }), 'write-file', '/p');
    expect(error).toMatchObject({ code, retry, operation: 'write-file', context: { path: '/p', errno } });
    expect(error.message).toContain('/p');
  });
});

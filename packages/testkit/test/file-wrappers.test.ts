import assert from 'node:assert/strict';
import { SendenseError } from '@sendense/core';
import { type FileSystem, writeFileDurably } from '@sendense/plugin-kit/files';
import { describe, it } from 'vitest';
import {
  countingFileSystem,
  crashingFileSystem,
  createMemoryFileSystem,
  describeOperation,
  droppingSyncFileSystem,
  faultyFileSystem,
  fullAfter,
  nfsRulesFileSystem,
  ProcessDied,
} from '../src/index.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

async function write(fileSystem: FileSystem, path: string, text: string): Promise<void> {
  const file = await fileSystem.open(path, 'create');
  await file.write(bytes(text), 0);
  await file[Symbol.asyncDispose]();
}

async function read(fileSystem: FileSystem, path: string): Promise<string | undefined> {
  if ((await fileSystem.stat(path)) === undefined) return undefined;
  const file = await fileSystem.open(path, 'read');
  const into = new Uint8Array(await file.size());
  await file.read(into, 0);
  await file[Symbol.asyncDispose]();
  return Buffer.from(into).toString();
}

const SEEDS = Array.from({ length: 40 }, (_, seed) => seed);

describe('memory file system', () => {
  it('gives back what was written, under every name', async () => {
    const fs = createMemoryFileSystem();
    await fs.makeDirectory('/a/b');
    await write(fs, '/a/b/one', 'hello');
    await fs.link('/a/b/one', '/a/two');
    await fs.rename('/a/b/one', '/a/three');
    assert.deepEqual(await fs.list('/a'), ['b', 'three', 'two']);
    assert.equal(await read(fs, '/a/two'), 'hello');
    assert.equal((await fs.stat('/a/two'))?.identity, (await fs.stat('/a/three'))?.identity);
    await assert.rejects(fs.link('/a/two', '/a/three'), { code: 'ALREADY_EXISTS' });
    await assert.rejects(fs.unlink('/a/b/one'), { code: 'NOT_FOUND' });
  });

  it('replaces only what a rename may replace', async () => {
    const fs = createMemoryFileSystem();
    await fs.makeDirectory('/full/inner');
    await fs.makeDirectory('/empty');
    await write(fs, '/file', 'x');
    await assert.rejects(fs.rename('/empty', '/full'), { code: 'ALREADY_EXISTS' });
    await assert.rejects(fs.rename('/file', '/empty'), { code: 'CONFIG_INVALID' });
    await assert.rejects(fs.rename('/empty', '/file'), { code: 'NOT_FOUND' });
    await fs.rename('/full', '/empty');
    assert.deepEqual(await fs.list('/empty'), ['inner']);
  });

  it('loses bytes and names that were not synced, in some power losses and not in others', async () => {
    const fs = createMemoryFileSystem();
    await write(fs, '/file', 'hello');
    const found = new Set<string | undefined>();
    for (const seed of SEEDS) found.add(await read(fs.afterPowerLoss(seed), '/file'));
    assert.deepEqual(found, new Set([undefined, '', 'hello']));
  });

  it('keeps what was synced through every power loss', async () => {
    const fs = createMemoryFileSystem();
    await writeFileDurably(fs, '/file', bytes('first'));
    const second = writeFileDurably(fs, '/file', bytes('second'));
    await second;
    for (const seed of SEEDS) assert.equal(await read(fs.afterPowerLoss(seed), '/file'), 'second');
  });

  it('shows a durable replacement as old or new at every cut, in every power loss', async () => {
    const whole = countingFileSystem(createMemoryFileSystem());
    await writeFileDurably(whole, '/file', bytes('first'));
    const before = whole.changes.length;
    await writeFileDurably(whole, '/file', bytes('second'));
    const seen = new Set<string | undefined>();
    for (let cutAt = before + 1; cutAt <= whole.changes.length; cutAt++) {
      const fs = createMemoryFileSystem();
      await writeFileDurably(fs, '/file', bytes('first'));
      const crashing = crashingFileSystem(fs, { cutAt: cutAt - before, tornBytes: 3 });
      await assert.rejects(writeFileDurably(crashing, '/file', bytes('second')), ProcessDied);
      for (const seed of SEEDS) seen.add(await read(fs.afterPowerLoss(seed), '/file'));
    }
    assert.deepEqual(seen, new Set(['first', 'second']));
  });

  it('shows that a replacement without any one of its syncs is not durable', async () => {
    const whole = countingFileSystem(createMemoryFileSystem());
    await writeFileDurably(whole, '/file', bytes('second'));
    const syncs = whole.changes.filter(({ kind }) => kind === 'sync' || kind === 'sync-directory');
    assert.ok(syncs.length >= 2, whole.changes.map(describeOperation).join(', '));
    for (const [index, dropped] of syncs.entries()) {
      const fs = createMemoryFileSystem();
      await writeFileDurably(fs, '/file', bytes('first'));
      const lying = droppingSyncFileSystem(fs, (_, ordinal) => ordinal === index + 1);
      await writeFileDurably(lying, '/file', bytes('second'));
      const seen = new Set<string | undefined>();
      for (const seed of SEEDS) seen.add(await read(fs.afterPowerLoss(seed), '/file'));
      assert.ok(seen.size > 1, `nobody notices that "${describeOperation(dropped)}" is missing`);
    }
  });
});

describe('crashing file system', () => {
  it('fails the chosen change and everything after it, and lets a torn prefix land', async () => {
    const fs = createMemoryFileSystem();
    const crashing = crashingFileSystem(fs, { cutAt: 2, tornBytes: 3 });
    await assert.rejects(write(crashing, '/file', 'hello'), ProcessDied);
    assert.equal(crashing.dead, true);
    assert.equal(await read(fs, '/file'), 'hel');
    await assert.rejects(crashing.stat('/file'), ProcessDied);
  });
});

describe('faulty file system', () => {
  it('fails chosen operations with their errno and goes on', async () => {
    const fs = faultyFileSystem(createMemoryFileSystem(), ({ kind, path }) =>
      kind === 'write' && path === '/bad' ? 'EIO' : undefined,
    );
    await assert.rejects(write(fs, '/bad', 'x'), (error) => SendenseError.is(error, 'CORRUPT'));
    await write(fs, '/good', 'x');
  });

  it('is full after as many bytes as it is told', async () => {
    const fs = faultyFileSystem(createMemoryFileSystem(), fullAfter(4));
    await write(fs, '/a', '1234');
    await assert.rejects(write(fs, '/b', '5'), (error) => SendenseError.is(error, 'NO_SPACE'));
  });
});

describe('file system with the rules of NFS (model)', () => {
  it('cannot sync folders, and shows names of other clients late', async () => {
    const server = createMemoryFileSystem();
    const one = nfsRulesFileSystem(server, { staleLists: 1 });
    const two = nfsRulesFileSystem(server);
    assert.equal(await one.syncDirectory('/'), false);
    assert.deepEqual(await one.list('/'), []);
    await write(two, '/late', 'x');
    assert.deepEqual(await one.list('/'), []);
    assert.deepEqual(await one.list('/'), ['late']);
    await write(one, '/own', 'x');
    assert.deepEqual(await one.list('/'), ['late', 'own']);
  });

  it('forgets a file that another client replaced, and hides one that this client removed', async () => {
    const server = createMemoryFileSystem();
    const [one, two] = [nfsRulesFileSystem(server), nfsRulesFileSystem(server)];
    await write(one, '/file', 'old');
    await write(two, '/new', 'new');
    const [theirs, own] = [await one.open('/file', 'read'), await two.open('/file', 'read')];
    await two.rename('/new', '/file');
    await assert.rejects(theirs.read(new Uint8Array(3), 0), (error) =>
      SendenseError.is(error, 'CONNECTION_LOST'),
    );
    assert.equal(await own.read(new Uint8Array(3), 0), 3);
  });

  it('refuses links where the server does', async () => {
    const fs = nfsRulesFileSystem(createMemoryFileSystem(), { refusesLinks: true });
    await write(fs, '/file', 'x');
    await assert.rejects(fs.link('/file', '/other'), (error) => SendenseError.is(error, 'PERMISSION_DENIED'));
  });
});

import { SendenseError } from '@sendense/core';
import { soloFence } from '@sendense/plugin-kit';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { collect } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { createObjectRepository, openObjectRepository } from '../src/object-repository.ts';
import { createDirectoryStore, INCOMING } from '../src/store/directory-store.ts';
import { first, GRACE_MS, twin } from './hurt-objects.ts';
import { testKey } from './keys.ts';
import { CHUNK_BYTES, draftOf, expectSample, sampleId, writeDisk, writeSample } from './sample-disk.ts';
import { openStandingStill } from './still-clocks.ts';
import { createTimedFiles } from './timed-files.ts';

const path = '/store';

/** A folder by the clock of its storage. */
type Folder = { readonly clock: { nowMs: number }; readonly files: FileSystem };

function newFolder(): Folder {
  const clock = { nowMs: Date.UTC(2026, 0, 1) };
  return { clock, files: createTimedFiles(clock) };
}

async function newRepository(): Promise<Folder> {
  const folder = newFolder();
  const store = createDirectoryStore({ path }, folder.files);
  const options = { store, key: testKey, chunkBytes: CHUNK_BYTES, graceMs: GRACE_MS };
  await (await createObjectRepository(options))[Symbol.asyncDispose]();
  return folder;
}

/** Opens the repository on a machine whose clocks go on as that of the storage. */
function open({ clock, files }: Folder) {
  const both = { now: () => new Date(clock.nowMs), monotonicMs: () => clock.nowMs };
  return openObjectRepository(
    { store: createDirectoryStore({ path }, files), key: testKey },
    { clock: both },
  );
}

/** The files as a machine sees them that stands still before the first of its files gets a name below `below`, while the others act. */
function heldUp({ files }: Folder, below: string, others: () => Promise<void>) {
  let isHeld = false;
  const held: FileSystem = {
    ...files,
    async link(from, to) {
      if (!isHeld && to.startsWith(`${path}/${below}`)) {
        isHeld = true;
        await others();
      }
      await files.link(from, to);
    },
  };
  return { files: held, isHeld: () => isHeld };
}

async function pruneTwice(folder: Folder): Promise<void> {
  await using repository = await open(folder);
  for (let round = 0; round < 2; round += 1) {
    folder.clock.nowMs += GRACE_MS;
    await repository.maintenance.prune({ last: 1 });
  }
}

/** Writes a point on a machine that stands still, with both of its clocks, before a file gets its name. Gives how the commit ended. */
async function commitHeldUp(folder: Folder, below: string): Promise<unknown> {
  const { files, isHeld } = heldUp(folder, below, () => pruneTwice(folder));
  await using repository = await openStandingStill(createDirectoryStore({ path }, files));
  await using writer = await repository.begin(draftOf(first), soloFence);
  await writeDisk(writer, first);
  const ended = await writer.commit([]).catch((error: unknown) => error);
  expect(isHeld()).toBe(true);
  return ended;
}

describe('a machine that stands still, with both of its clocks, between writing a file and giving it the name of an object', () => {
  it('commits no point: its manifest is late by its own time, for whoever reads it', async () => {
    const folder = await newRepository();
    expect(await commitHeldUp(folder, 'points/')).toMatchObject({ code: 'EXPIRED', effect: 'none' });
    await using repository = await open(folder);
    expect(await collect(repository.points())).toEqual([]);
    await expect(repository.open(sampleId(first))).rejects.toMatchObject({ code: 'EXPIRED' });
  });

  it('leads no backup by its index object to packs that a prune deleted meanwhile', async () => {
    const folder = await newRepository();
    expect(await commitHeldUp(folder, 'index/')).toMatchObject({ code: 'EXPIRED', effect: 'none' });
    await using repository = await open(folder);
    await writeSample(repository, twin);
    await expectSample(repository, sampleId(twin), twin.disk);
  });

  it('makes an object of the time of its name, by every way of asking, and leaves nothing on the way', async () => {
    const folder = newFolder();
    const beganMs = folder.clock.nowMs;
    const { files } = heldUp(folder, 'packs/', async () => {
      folder.clock.nowMs += 2000;
    });
    await using store = createDirectoryStore({ path }, files);
    const bytes = Buffer.from('the bytes of an object');
    const wanted = { sizeBytes: bytes.byteLength, modifiedAt: new Date(beganMs + 2000) };
    expect(await store.put('packs/aa/one', bytes)).toEqual(wanted);
    expect(await store.head('packs/aa/one')).toEqual(wanted);
    expect(await collect(store.list(''))).toEqual([{ key: 'packs/aa/one', ...wanted }]);
    expect(Buffer.from(await store.get('packs/aa/one'))).toEqual(bytes);
    expect(await files.list(`${path}/${INCOMING}`)).toEqual([]);
  });

  it('does so also where storage is full by then, so that no further file tells the time', async () => {
    const folder = newFolder();
    const beganMs = folder.clock.nowMs;
    let isFull = false;
    const { files } = heldUp(folder, 'packs/', async () => {
      folder.clock.nowMs += GRACE_MS;
      isFull = true;
    });
    const openFile: FileSystem['open'] = (name, mode) => {
      if (isFull && mode === 'create')
        throw new SendenseError('NO_SPACE', 'full', { operation: 'open-file' });
      return files.open(name, mode);
    };
    await using store = createDirectoryStore({ path }, { ...files, open: openFile });
    const { modifiedAt } = await store.put('packs/aa/one', new Uint8Array(8));
    expect(modifiedAt).toEqual(new Date(beganMs + GRACE_MS));
  });
});

describe('a folder', () => {
  it('does not write a file again that got its name within a second', async () => {
    const folder = newFolder();
    const { files } = heldUp(folder, 'packs/', async () => {
      folder.clock.nowMs += 1000;
    });
    const modes: string[] = [];
    const openFile: FileSystem['open'] = (name, mode) => {
      modes.push(mode);
      return files.open(name, mode);
    };
    await using store = createDirectoryStore({ path }, { ...files, open: openFile });
    await store.put('packs/aa/one', new Uint8Array(8));
    expect(modes).toEqual(['create', 'create']);
  });

  it('tells of a failure after an object has its name that it may be there', async () => {
    const { files } = newFolder();
    let isBroken = false;
    const syncDirectory: FileSystem['syncDirectory'] = (name) => {
      if (isBroken) throw new SendenseError('CORRUPT', 'an I/O error', { operation: 'sync-directory' });
      return files.syncDirectory(name);
    };
    await using store = createDirectoryStore({ path }, { ...files, syncDirectory });
    await store.put('packs/aa/one', new Uint8Array(8));
    isBroken = true;
    const putting = store.put('packs/aa/two', new Uint8Array(8));
    await expect(putting).rejects.toMatchObject({ code: 'CORRUPT', effect: 'unknown' });
    expect(await store.head('packs/aa/two')).toMatchObject({ sizeBytes: 8 });
  });
});

import assert from 'node:assert/strict';
import { createFileDriver } from '@sendense/blockio-file';
import { copyBlocks, type PointId, pointId, type Repository, SendenseError } from '@sendense/core';
import { openRaw } from '@sendense/formats/raw';
import type { FileSystem } from '@sendense/plugin-kit/files';
import {
  collect,
  countingFileSystem,
  createMemoryFileSystem,
  type FileOperation,
  interceptFileSystem,
  isChange,
  type MemoryFileSystem,
} from '@sendense/testkit';
import { createLocalRepository, type LocalRepository, openLocalRepository } from '../src/repository-local.ts';
import {
  backUp,
  type Contents,
  type CopyDisk,
  changed,
  DISK_BYTES,
  DISKS,
  expectContents,
} from './model-machine.ts';

/** Where the repository is. */
export const path = '/repository';
const p1 = changed(new Uint8Array(DISK_BYTES), [
  { at: 0, seed: 1 },
  { at: 3, seed: 2 },
  { at: 5, seed: 3 },
]);
const p2 = changed(p1, [
  { at: 3, seed: 0 },
  { at: 4, seed: 4 },
]);
const p3 = changed(p2, [{ at: 4, seed: 5 }]);
const p4 = changed(p1, [{ at: 1, seed: 6 }]);
/** The content that the backup brings. */
export const p5 = changed(p3, [{ at: 1, seed: 7 }]);
const start: Contents = new Map([
  ['p1', p1],
  ['p2', p2],
  ['p3', p3],
  ['p4', p4],
]);
const id = (name: string): PointId => pointId(name);

/** A full with an increment of an increment and a differential beside them; what of it is durable, new each time. */
export async function prepare(): Promise<MemoryFileSystem> {
  prepared ??= await build();
  return prepared.afterPowerLoss(0);
}

let prepared: MemoryFileSystem | undefined;

async function build(): Promise<MemoryFileSystem> {
  const fileSystem = createMemoryFileSystem();
  await backUpAll(fileSystem);
  for (const { id: disk, of } of DISKS) await writeDurably(fileSystem, imageOf(disk), of(p5));
  await fileSystem.syncDirectory('/');
  // Else every copy would begin with the session of a dead process.
  await fileSystem.syncDirectory(`${path}/sessions`);
  return fileSystem;
}

/** The image of a disk that the backup by a driver reads. */
function imageOf(disk: string): string {
  return `/${disk}.raw`;
}

async function writeDurably(fileSystem: FileSystem, file: string, bytes: Uint8Array): Promise<void> {
  await using handle = await fileSystem.open(file, 'create');
  await handle.write(bytes, 0);
  await handle.sync();
}

/** Copies by a driver that reaches the files through `fileSystem`, so that what it writes is cut like everything else. */
function copyThrough(fileSystem: FileSystem): CopyDisk {
  const driver = createFileDriver({}, { fileSystem });
  return async (disk, to) => {
    await using from = await openRaw(imageOf(disk), { fileSystem });
    const extents = from.extents({ offset: 0, length: from.sizeBytes });
    await copyBlocks({ from, to, extents, driver });
  };
}

async function backUpAll(fileSystem: FileSystem): Promise<void> {
  await using repository = await createLocalRepository({ path }, { fileSystem });
  await backUp(repository, { sequence: 1, content: p1 });
  await backUp(repository, { sequence: 2, content: p2, base: { id: id('p1'), content: p1 } });
  await backUp(repository, { sequence: 3, content: p3, base: { id: id('p2'), content: p2 } });
  await backUp(repository, {
    sequence: 4,
    content: p4,
    base: { id: id('p1'), content: p1 },
    kind: 'differential',
  });
}

/** Work of one process. */
export type Verb = {
  readonly name: string;
  /** Whether the repository is given a driver, for what it moves itself. */
  readonly byDriver?: boolean;
  /** The work of a whole process, from opening on. Harmless when repeated after it was done. */
  readonly run: (repository: LocalRepository, fileSystem: FileSystem) => Promise<void>;
  /** Points after it. */
  readonly after: Contents;
};

function without(...names: string[]): Contents {
  return new Map([...start].filter(([name]) => !names.includes(name)));
}

async function deleteUnlessGone(repository: Repository, point: PointId): Promise<void> {
  await repository.maintenance?.delete(point).catch((error: unknown) => {
    if (!SendenseError.is(error, 'NOT_FOUND')) throw error;
  });
}

/** What can be cut off. */
export const verbs: readonly Verb[] = [
  {
    name: 'backup',
    async run(repository) {
      await backUp(repository, { sequence: 5, content: p5, base: { id: id('p3'), content: p3 } });
    },
    after: new Map([...start, ['p5', p5]]),
  },
  {
    name: 'backup by a driver',
    async run(repository, fileSystem) {
      const base = { id: id('p3'), content: p3 };
      await backUp(repository, { sequence: 5, content: p5, base, copy: copyThrough(fileSystem) });
    },
    after: new Map([...start, ['p5', p5]]),
  },
  {
    name: 'synthetic full',
    byDriver: true,
    async run({ maintenance }) {
      await maintenance.consolidate({ kind: 'synthetic-full', point: id('p2') });
    },
    after: start,
  },
  {
    name: 'merge',
    byDriver: true,
    async run({ maintenance }) {
      await maintenance.consolidate({ kind: 'merge', point: id('p3'), onto: id('p1') });
    },
    after: without('p2'),
  },
  {
    // its consolidations go through the copy loop
    name: 'prune',
    async run({ maintenance }) {
      await maintenance.prune({ last: 2 });
    },
    after: without('p1', 'p2'),
  },
  { name: 'delete', run: (repository) => deleteUnlessGone(repository, id('p1')), after: without('p1') },
  {
    name: 'hold',
    async run({ maintenance }) {
      await maintenance.annotate(id('p1'), { held: true, note: 'kept' });
    },
    after: start,
  },
];

/** Does the work in a process of its own. */
export async function work(fileSystem: FileSystem, verb: Verb): Promise<void> {
  await using repository = await openReachable(fileSystem, verb);
  await verb.run(repository, fileSystem);
}

/** Opens the repository on files that a driver is said to reach: the one that goes through the same seam does. */
function openReachable(fileSystem: FileSystem, { byDriver }: Verb): Promise<LocalRepository> {
  const endpoint = (file: string) => ({ kind: 'file', path: file }) as const;
  const drivers = byDriver === true ? [createFileDriver({}, { fileSystem })] : [];
  return openLocalRepository({ path }, { fileSystem: { ...fileSystem, endpoint }, drivers });
}

/** Fails unless what the work did is there. */
export async function expectDone(fileSystem: FileSystem, verb: Verb): Promise<void> {
  await using repository = await openLocalRepository({ path }, { fileSystem });
  await expectContents(repository, verb.after);
  const points = await collect(repository.points());
  if (verb.name === 'hold') assert.ok(points[0]?.held);
  if (verb.name === 'synthetic full') assert.equal(points[1]?.parentId, null);
}

let recovered = 0;

/** Opens what a crash left, expects whole points and no garbage, and does the work again. */
export async function expectRecovered(fileSystem: FileSystem, verb: Verb): Promise<void> {
  await using repository = await openReachable(fileSystem, verb);
  const found = (await collect(repository.points())).map((point) => point.id);
  const known = new Map([...start, ...verb.after]);
  // Every point that the work does not remove is there; what is there more is whole.
  for (const name of start.keys()) {
    if (verb.after.has(name)) assert.ok(found.includes(id(name)), `${name} is lost`);
  }
  await expectContents(
    repository,
    new Map(found.map((name) => [name, known.get(name) ?? assert.fail(name)])),
  );
  await verb.run(repository, fileSystem);
  // The work itself has its own tests: what it does after a crash is looked at closely every now and then.
  recovered += 1;
  if (recovered % 4 === 0) await expectContents(repository, verb.after);
  const again = (await collect(repository.points())).map((point) => point.id);
  assert.deepEqual([...again].sort(), [...verb.after.keys()].sort());
  const sessions = await fileSystem.list(`${path}/sessions`);
  assert.equal(sessions.length, 1, 'sessions of the dead are removed');
}

/** The operations of the work, for the numbers of the cuts. */
export async function operationsOf(verb: Verb): Promise<readonly FileOperation[]> {
  const counted = countingFileSystem(await prepare());
  await work(counted, verb);
  return counted.changes;
}

/** What a power loss left, and whether the work was done by then. */
export type PowerLoss = { readonly fileSystem: MemoryFileSystem; readonly isDone: boolean };

/** Asked before each change, with its number (from 1) and the one before it, and at the end: gives seeds of power losses. */
export type ChooseLosses = (
  change: number,
  previous: FileOperation | undefined,
  isDone: boolean,
) => readonly number[];

/** The storage after a power loss at each moment that `lose` gives seeds for. `wrap` goes around the storage. */
export async function powerLosses(
  verb: Verb,
  lose: ChooseLosses,
  wrap: (inner: FileSystem) => FileSystem = (inner) => inner,
): Promise<readonly PowerLoss[]> {
  const inner = await prepare();
  const losses: PowerLoss[] = [];
  let changes = 0;
  let previous: FileOperation | undefined;
  const keep = (isDone: boolean) => {
    changes += 1;
    for (const seed of lose(changes, previous, isDone))
      losses.push({ fileSystem: inner.afterPowerLoss(seed), isDone });
  };
  const watched = interceptFileSystem(inner, ({ operation, run }) => {
    if (isChange(operation)) {
      keep(false);
      previous = operation;
    }
    return run();
  });
  await work(wrap(watched), verb);
  keep(true);
  return losses;
}

import assert from 'node:assert/strict';
import { type PointId, pointId, type Repository, SendenseError } from '@sendense/core';
import type { FileSystem } from '@sendense/plugin-kit/files';
import {
  collect,
  countingFileSystem,
  crashingFileSystem,
  createMemoryFileSystem,
  describeOperation,
  type FileOperation,
  type MemoryFileSystem,
} from '@sendense/testkit';
import { testScale } from '@sendense/tests/scale';
import { describe, it } from 'vitest';
import { createLocalRepository, type LocalRepository, openLocalRepository } from '../src/repository-local.ts';
import { backUp, type Contents, changed, contentOf, DISK_BYTES, expectContents } from './model-machine.ts';

const path = '/repository';
const p1 = changed(new Uint8Array(DISK_BYTES), [
  { at: 0, seed: 1 },
  { at: 3, seed: 2 },
  { at: 9, seed: 3 },
]);
const p2 = changed(p1, [
  { at: 3, seed: 0 },
  { at: 4, seed: 4 },
]);
const p3 = changed(p2, [{ at: 4, seed: 5 }]);
const p4 = changed(p1, [{ at: 7, seed: 6 }]);
const p5 = changed(p3, [{ at: 1, seed: 7 }]);
const start: Contents = new Map([
  ['p1', p1],
  ['p2', p2],
  ['p3', p3],
  ['p4', p4],
]);
const id = (name: string): PointId => pointId(name);

/** A full with an increment of an increment and a differential beside them; what of it is durable, new each time. */
async function prepare(): Promise<MemoryFileSystem> {
  prepared ??= await build();
  return prepared.afterPowerLoss(0);
}

let prepared: MemoryFileSystem | undefined;

async function build(): Promise<MemoryFileSystem> {
  const fileSystem = createMemoryFileSystem();
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
  return fileSystem;
}

type Verb = {
  readonly name: string;
  /** The work of a whole process, from opening on. Harmless when repeated after it was done. */
  readonly run: (repository: LocalRepository) => Promise<void>;
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

const verbs: readonly Verb[] = [
  {
    name: 'backup',
    async run(repository) {
      await backUp(repository, { sequence: 5, content: p5, base: { id: id('p3'), content: p3 } });
    },
    after: new Map([...start, ['p5', p5]]),
  },
  {
    name: 'synthetic full',
    async run({ maintenance }) {
      await maintenance.consolidate({ kind: 'synthetic-full', point: id('p2') });
    },
    after: start,
  },
  {
    name: 'merge',
    async run({ maintenance }) {
      await maintenance.consolidate({ kind: 'merge', point: id('p3'), onto: id('p1') });
    },
    after: without('p2'),
  },
  {
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

async function work(fileSystem: FileSystem, { run }: Verb): Promise<void> {
  await using repository = await openLocalRepository({ path }, { fileSystem });
  await run(repository);
}

/** Opens what a crash left, expects whole points and no garbage, and does the work again. */
async function expectRecovered(fileSystem: FileSystem, verb: Verb, isPruning: boolean): Promise<void> {
  await using repository = await openLocalRepository({ path }, { fileSystem });
  const found = (await collect(repository.points())).map((point) => point.id);
  const known = new Map([...start, ...verb.after]);
  // Every point that the work does not remove is there; what is there more is whole.
  for (const name of start.keys()) {
    if (verb.after.has(name)) assert.ok(found.includes(id(name)), `${name} is lost`);
    else assert.ok(isPruning);
  }
  await expectContents(
    repository,
    new Map(found.map((name) => [name, known.get(name) ?? assert.fail(name)])),
  );
  await verb.run(repository);
  await expectContents(repository, verb.after);
  const sessions = await fileSystem.list(`${path}/sessions`);
  assert.equal(sessions.length, 1, 'sessions of the dead are removed');
}

/** The operations of the work, for the numbers of the cuts. */
async function operationsOf(verb: Verb): Promise<readonly FileOperation[]> {
  const counted = countingFileSystem(await prepare());
  await work(counted, verb);
  return counted.changes;
}

/** Seed 0 loses all that was not synced, the others half of it, each another half. */
const POWER_SEEDS = Array.from({ length: 1 + testScale() }, (_, seed) => seed);

describe.each(verbs)('a $name', (verb) => {
  it('leaves every point whole wherever its process dies', async () => {
    const operations = await operationsOf(verb);
    let cuts = 0;
    for (const [index, operation] of operations.entries()) {
      for (const tornBytes of operation.kind === 'write' ? [0, (operation.length ?? 0) >> 1] : [0]) {
        const inner = await prepare();
        const crashing = crashingFileSystem(inner, { cutAt: index + 1, tornBytes });
        await work(crashing, verb).catch(() => undefined);
        await expectRecovered(inner, verb, verb.after.size < start.size).catch((error: unknown) => {
          throw new Error(`cut ${index + 1} before ${describeOperation(operation)}, torn ${tornBytes}`, {
            cause: error,
          });
        });
        cuts += 1;
      }
    }
    console.log(`process death in a ${verb.name}: ${cuts} cuts`);
    assert.ok(cuts > 10);
  }, 120_000);

  it('leaves every point whole wherever the power fails', async () => {
    const operations = await operationsOf(verb);
    let cuts = 0;
    for (const [index, operation] of operations.entries()) {
      for (const seed of POWER_SEEDS) {
        const inner = await prepare();
        await work(crashingFileSystem(inner, { cutAt: index + 1 }), verb).catch(() => undefined);
        const after = inner.afterPowerLoss(seed === 0 ? 0 : seed * 1_000_003 + index);
        await expectRecovered(after, verb, verb.after.size < start.size).catch((error: unknown) => {
          throw new Error(`power cut ${index + 1} before ${describeOperation(operation)}, seed ${seed}`, {
            cause: error,
          });
        });
        cuts += 1;
      }
    }
    console.log(`power loss in a ${verb.name}: ${cuts} cuts`);
  }, 240_000);
});

describe('a committed backup', () => {
  it('survives a power loss the moment its commit resolves', async () => {
    const inner = await prepare();
    const repository = await openLocalRepository({ path }, { fileSystem: inner });
    await verbs[0]?.run(repository);
    const after = inner.afterPowerLoss(0);
    await repository[Symbol.asyncDispose]();
    await using reopened = await openLocalRepository({ path }, { fileSystem: after });
    assert.equal(Buffer.compare(await contentOf(reopened, id('p5')), p5), 0);
  });
});

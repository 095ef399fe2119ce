import assert from 'node:assert/strict';
import { pointId, SendenseError } from '@sendense/core';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { collect, createMemoryFileSystem, createTestFence, nfsRulesFileSystem } from '@sendense/testkit';
import { beforeEach, describe, it } from 'vitest';
import { createLocalRepository, type LocalRepository, openLocalRepository } from '../src/repository-local.ts';
import {
  backUp,
  changed,
  contentOf,
  DISK_BYTES,
  draftOf,
  expectContents,
  MACHINE,
  writeBackup,
} from './model-machine.ts';

const path = '/repository';
const first = changed(new Uint8Array(DISK_BYTES), [{ at: 1, seed: 1 }]);
const second = changed(first, [{ at: 2, seed: 2 }]);
const third = changed(second, [{ at: 2, seed: 3 }]);

/** Two hosts, each with its own view of one storage. */
const STORAGES: Readonly<Record<string, (storage: FileSystem) => FileSystem>> = {
  'a local file system': (storage) => storage,
  'a network mount (model)': (storage) => nfsRulesFileSystem(storage, { refusesLinks: true }),
};

describe.each(Object.entries(STORAGES))('two writers on %s', (name, view) => {
  let storage: FileSystem;
  let left: LocalRepository;
  let right: LocalRepository;

  beforeEach(async () => {
    storage = createMemoryFileSystem();
    left = await createLocalRepository({ path }, { fileSystem: view(storage) });
    right = await openLocalRepository({ path }, { fileSystem: view(storage) });
    return async () => {
      await left[Symbol.asyncDispose]();
      await right[Symbol.asyncDispose]();
    };
  });

  const open = () => openLocalRepository({ path }, { fileSystem: view(storage) });

  it('of one sequence: the one who commits first wins, the other gets CONFLICT and leaves nothing', async () => {
    await backUp(left, { sequence: 1, content: first });
    const base = { id: pointId('p1'), content: first };
    const winner = await writeBackup(left, { sequence: 2, id: 'won', content: second, base });
    const loser = await writeBackup(right, { sequence: 2, id: 'lost', content: third, base });
    await winner.commit([]);
    await assert.rejects(loser.commit([]), isCode('CONFLICT'));
    await winner[Symbol.asyncDispose]();
    await loser[Symbol.asyncDispose]();
    await expectContents(
      await disposing(open()),
      new Map([
        ['p1', first],
        ['won', second],
      ]),
    );
  });

  it('committing at once: exactly one of them wins', async () => {
    for (let sequence = 1; sequence <= 5; sequence += 1) {
      const results = await Promise.allSettled(
        [left, right].map((repository, index) =>
          backUp(repository, { sequence, id: `p${sequence}-${index}`, content: first }),
        ),
      );
      assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    }
    assert.equal((await collect(left.points())).length, 5);
  });

  it('of two streams commit both', async () => {
    await Promise.all([
      backUp(left, { sequence: 1, id: 'l', stream: 'left', content: first }),
      backUp(right, { sequence: 1, id: 'r', stream: 'right', content: second }),
    ]);
    await expectContents(
      await disposing(open()),
      new Map([
        ['l', first],
        ['r', second],
      ]),
    );
  });

  it('a repository that is opened meanwhile leaves a running backup alone', async () => {
    const writer = await writeBackup(left, { sequence: 1, content: first });
    await (await open())[Symbol.asyncDispose]();
    await writer.commit([]);
    await writer[Symbol.asyncDispose]();
    await expectContents(await disposing(open()), new Map([['p1', first]]));
  });

  it('a prune by the other keeps what a running backup builds on, and says so', async () => {
    await backUp(left, { sequence: 1, content: first });
    await backUp(left, { sequence: 2, content: third });
    const writer = await writeBackup(left, {
      sequence: 3,
      content: second,
      base: { id: pointId('p1'), content: first },
    });
    await look(right);
    const report = await right.maintenance.prune({ last: 1 });
    assert.deepEqual([report.removed, report.findings.map(({ code }) => code)], [[], ['point-in-use']]);
    await assert.rejects(right.maintenance.delete(pointId('p1')), isCode('LOCKED'));
    await writer.commit([]);
    await writer[Symbol.asyncDispose]();
    await look(right);
    assert.deepEqual((await right.maintenance.prune({ last: 1 })).removed.toSorted(), ['p1', 'p2']);
    await expectContents(await disposing(open()), new Map([['p3', second]]));
  });

  it('a consolidation by the other does not move the base away from under a running backup', async () => {
    await backUp(left, { sequence: 1, content: first });
    await backUp(left, { sequence: 2, content: second, base: { id: pointId('p1'), content: first } });
    const writer = await writeBackup(left, {
      sequence: 3,
      content: third,
      base: { id: pointId('p2'), content: second },
    });
    await right.maintenance.consolidate({ kind: 'synthetic-full', point: pointId('p2') });
    await right.maintenance.delete(pointId('p1'));
    await writer.commit([]);
    await writer[Symbol.asyncDispose]();
    await expectContents(
      await disposing(open()),
      new Map([
        ['p2', second],
        ['p3', third],
      ]),
    );
  });

  it('an open reader keeps its bytes through deletes and consolidations of the other, and its files go later', async () => {
    await backUp(left, { sequence: 1, content: first });
    await backUp(left, { sequence: 2, content: second, base: { id: pointId('p1'), content: first } });
    await backUp(left, { sequence: 3, content: third, base: { id: pointId('p2'), content: second } });
    const readers = [await left.open(pointId('p1')), await left.open(pointId('p3'))];
    const { findings } = await right.maintenance.consolidate({
      kind: 'synthetic-full',
      point: pointId('p2'),
    });
    assert.deepEqual(
      findings.map(({ code }) => code),
      ['files-in-use'],
    );
    await right.maintenance.delete(pointId('p1'));
    for (const [index, content] of [first, third].entries()) {
      const bytes = new Uint8Array(content.byteLength);
      await readers[index]?.disks[0]?.reader.read(0, bytes);
      assert.equal(Buffer.compare(bytes, content), 0, name);
      await readers[index]?.[Symbol.asyncDispose]();
    }
    await left[Symbol.asyncDispose]();
    await right[Symbol.asyncDispose]();
    await expectContents(
      await disposing(open()),
      new Map([
        ['p2', second],
        ['p3', third],
      ]),
    );
  });

  it('one that was taken for dead can commit nothing', async () => {
    const writer = await writeBackup(left, { sequence: 1, content: first });
    for (const session of await storage.list(`${path}/sessions`)) {
      await storage.rename(`${path}/sessions/${session}`, `${path}/sessions/${session}.dead`);
    }
    await assert.rejects(writer.commit([]), isCode('FENCED'));
    await writer[Symbol.asyncDispose]();
    await expectContents(await disposing(open()), new Map());
  });

  it('a lease that is lost before the commit leaves nothing', async () => {
    const fence = createTestFence();
    await using writer = await left.begin(draftOf({ sequence: 1, content: first }), fence);
    for (const disk of writer.disks.values()) await disk.flush();
    fence.lose();
    await assert.rejects(writer.commit([]), isCode('FENCED'));
    await writer[Symbol.asyncDispose]();
    await expectContents(await disposing(open()), new Map());
    assert.deepEqual(
      await storage.list(path),
      (await storage.list(path)).filter((other) => other !== MACHINE),
    );
  });

  it('a second prune at the same time is told to wait', async () => {
    await backUp(left, { sequence: 1, content: first });
    await backUp(left, { sequence: 2, content: second, base: { id: pointId('p1'), content: first } });
    const results = await Promise.allSettled([
      left.maintenance.consolidate({ kind: 'synthetic-full', point: pointId('p2') }),
      right.maintenance.consolidate({ kind: 'synthetic-full', point: pointId('p2') }),
    ]);
    for (const result of results)
      if (result.status === 'rejected') assert.ok(isCode('LOCKED')(result.reason));
    assert.ok(results.some(({ status }) => status === 'fulfilled'));
    assert.equal(Buffer.compare(await contentOf(left, pointId('p2')), second), 0);
  });
});

/** Until the names that the other host made show here too. */
async function look(repository: LocalRepository): Promise<void> {
  for (let times = 0; times < 4; times += 1) await collect(repository.points());
}

const opened: LocalRepository[] = [];

async function disposing(repository: Promise<LocalRepository>): Promise<LocalRepository> {
  for (const other of opened.splice(0)) await other[Symbol.asyncDispose]();
  opened.push(await repository);
  return await repository;
}

function isCode(code: Parameters<typeof SendenseError.is>[1]) {
  return (error: unknown) => SendenseError.is(error, code);
}

import assert from 'node:assert/strict';
import { instantId, type PointWriter, type Repository, streamId } from '@sendense/core';
import { collect } from '../../collect.ts';
import { DiskContent } from '../../memory/disk/disk-content.ts';
import { createTestFence } from '../../memory/test-fence.ts';
import { seededBytes } from '../../seeded.ts';
import { sampleContent } from '../block-device/block-access.ts';
import type { ConformanceCase } from '../case.ts';
import { abortDuring, expectCode, quiet, settle } from '../expect.ts';
import {
  copyDisk,
  draftOf,
  expectPoint,
  MACHINE,
  pointIds,
  type WrittenPoint,
  writePoint,
  writerOf,
} from './point-work.ts';
import type { RepositoryContext } from './repository-subject.ts';

const disk = sampleContent();
const one: WrittenPoint = { disks: { 'disk-a': { content: disk } } };

/** Begins a point and writes its disks, without committing it. */
export async function beginWritten(repository: Repository, point: WrittenPoint): Promise<PointWriter> {
  const writer = await repository.begin(draftOf(point), createTestFence());
  for (const [id, written] of Object.entries(point.disks))
    await copyDisk(writerOf(writer.disks, id), written);
  return writer;
}

/** How a point comes to be: begin, write, commit; alone, repeated, in a race, and not at all. */
export const commitCases: readonly ConformanceCase<RepositoryContext>[] = [
  {
    name: 'gives back every byte of every disk of a committed point',
    clause: 'Repository.begin, PointWriter.commit, Repository.open',
    async run({ repository }) {
      const small = new DiskContent(512);
      small.write(0, seededBytes(51, 512));
      const empty = new DiskContent(3 * 1024 * 1024);
      const disks = { 'disk-a': disk, 'disk-b': small, 'disk-c': empty };
      const point = await writePoint(repository, {
        disks: Object.fromEntries(Object.entries(disks).map(([id, content]) => [id, { content }])),
      });
      await expectPoint(repository, point.id, disks);
    },
  },
  {
    name: 'records everything that the draft and the commit say',
    clause: 'RecoveryPoint; invariant 12: skipped disks are in the point record',
    async run({ repository, reopen }) {
      const draft = draftOf({
        ...one,
        note: 'before the upgrade',
        consistency: 'filesystem',
        skipped: [{ id: 'disk-z' as never, reason: 'excluded by the request' }],
        findings: [{ severity: 'warning', code: 'consistency-weakened', message: 'weaker than wanted' }],
      });
      const writer = await beginWritten(repository, { ...one, ...draft, ...one });
      const state = {
        schema: 'testkit/1',
        instant: draft.instant,
        machine: { connection: 'testkit', id: 'machine-1' },
        stream: draft.stream,
        disks: draft.disks.map(({ id }) => id),
        data: { bitmap: 'b1', list: [1, null, true] },
      } as const;
      await writer.commit([state]);
      await writer[Symbol.asyncDispose]();
      const [point, ...others] = await collect((await reopen()).points());
      assert.equal(others.length, 0);
      assert.ok(point !== undefined);
      const { disks, note, ...rest } = draft;
      for (const [key, value] of Object.entries(rest)) {
        assert.deepEqual(point[key as keyof typeof point], value, key);
      }
      assert.deepEqual(point.states, [state]);
      assert.deepEqual([point.note, point.held, point.parentId], [note, false, null]);
      assert.deepEqual(point.artifacts, []);
      for (const [index, each] of disks.entries()) {
        const { storedBytes, writtenBytes, number, path, ...recorded } = point.disks[index] ?? assert.fail();
        assert.deepEqual(recorded, each);
        assert.ok(Number.isInteger(number) && storedBytes > 0 && writtenBytes > 0, 'what the disk takes');
        assert.ok(path === undefined || path.length > 0);
      }
    },
  },
  {
    name: 'shows nothing of a point before its commit',
    clause: 'Repository.begin: show nothing of the point before commit',
    async run({ repository, reopen }) {
      const writer = await beginWritten(repository, one);
      assert.deepEqual(await pointIds(repository), []);
      assert.deepEqual(await pointIds(await reopen()), []);
      await expectCode(() => repository.open(draftOf(one).id), 'NOT_FOUND');
      assert.equal((await repository.usage()).points, 0);
      await writer[Symbol.asyncDispose]();
    },
  },
  {
    name: 'leaves no trace of a point that was given up',
    clause: 'PointWriter: dispose without commit leaves no trace of it, at the latest after maintenance',
    async run({ repository, stored, tidy }) {
      await writePoint(repository, one);
      const before = (await stored()).map(({ name }) => name);
      const other = { 'disk-a': { content: changedDisk() } };
      const writer = await beginWritten(repository, { sequence: 2, disks: other });
      await writer[Symbol.asyncDispose]();
      await writer[Symbol.asyncDispose]();
      assert.deepEqual(await pointIds(repository), [draftOf(one).id]);
      await tidy();
      assert.deepEqual(
        (await stored()).map(({ name }) => name),
        before,
      );
      const again = await writePoint(repository, { sequence: 2, disks: other });
      await expectPoint(repository, again.id, { 'disk-a': other['disk-a'].content });
    },
  },
  {
    name: 'has committed when commit resolves, for another process too',
    clause: 'PointWriter.commit: be durable when it resolves',
    async run({ repository, reopen }) {
      const point = await writePoint(repository, one);
      const other = await reopen();
      assert.deepEqual(await pointIds(other), [point.id]);
      await expectPoint(other, point.id, { 'disk-a': disk });
    },
  },
  {
    name: 'gives the same record when a commit is repeated',
    clause: 'PointWriter.commit: succeed when repeated with this point id (invariant 10)',
    async run({ repository }) {
      const writer = await beginWritten(repository, one);
      const first = await writer.commit([]);
      assert.deepEqual(await writer.commit([]), first);
      await writer[Symbol.asyncDispose]();
      assert.deepEqual(await pointIds(repository), [first.id]);
      await expectPoint(repository, first.id, { 'disk-a': disk });
    },
  },
  {
    name: 'lets another writer repeat the commit of the same point',
    clause: 'PointWriter.commit: succeed when repeated with this point id, from another writer too',
    async run({ repository, reopen }) {
      const first = await writePoint(repository, one);
      const second = await writePoint(await reopen(), one);
      assert.deepEqual([second.id, second.instant], [first.id, first.instant]);
      assert.deepEqual(await pointIds(repository), [first.id]);
      await expectPoint(repository, first.id, { 'disk-a': disk });
    },
  },
  {
    name: 'refuses a second point with a taken sequence',
    clause: 'Repository.begin: reject a taken sequence with CONFLICT here or at commit',
    async run({ repository, reopen }) {
      const point = await writePoint(repository, one);
      const rival = { ...one, id: 'rival' as never, instant: instantId('rival') };
      await expectCode(async () => writePoint(await reopen(), rival), 'CONFLICT');
      assert.deepEqual(await pointIds(repository), [point.id]);
    },
  },
  {
    name: 'lets one of two writers of a sequence win and leaves nothing of the loser',
    clause: 'PointWriter.commit: reject with CONFLICT when another point took the sequence',
    async run({ repository, reopen }) {
      const rival = {
        ...one,
        id: 'rival' as never,
        instant: instantId('rival'),
        disks: { 'disk-a': { content: changedDisk() } },
      };
      const outcomes = await Promise.all(
        [writePoint(repository, one), writePoint(await reopen(), rival)].map((run) => settle(() => run)),
      );
      const won = outcomes.filter(({ ok }) => ok).length;
      assert.equal(won, 1, 'exactly one of two commits wins');
      const lost = outcomes.find(({ ok }) => !ok);
      await expectCode(() => Promise.reject((lost as { error: Error }).error), 'CONFLICT', 'LOCKED');
      const [id, ...others] = await pointIds(repository);
      assert.equal(others.length, 0);
      await expectPoint(repository, id ?? assert.fail(), {
        'disk-a': id === draftOf(one).id ? disk : rival.disks['disk-a'].content,
      });
    },
  },
  {
    name: 'commits nothing when the lease is lost',
    clause: 'PointWriter.commit: reject with FENCED when the lease is lost, and then leave nothing committed',
    async run({ repository, reopen }) {
      const fence = createTestFence();
      const writer = await repository.begin(draftOf(one), fence);
      await copyDisk(writerOf(writer.disks, 'disk-a'), { content: disk });
      fence.lose();
      await expectCode(() => writer.commit([]), 'FENCED');
      await writer[Symbol.asyncDispose]();
      assert.deepEqual(await pointIds(repository), []);
      assert.deepEqual(await pointIds(await reopen()), []);
    },
  },
  {
    name: 'commits all or nothing when commit is aborted, and no more after it has settled',
    clause: 'PointWriter.commit: one atomic record of all disks; Call.signal',
    async run({ repository }) {
      const writer = await beginWritten(repository, one);
      const outcome = await abortDuring((call) => writer.commit([], call));
      const settled = await pointIds(repository);
      assert.equal(outcome === 'done' ? settled.length : settled.length <= 1, outcome === 'done' ? 1 : true);
      await quiet();
      assert.deepEqual(await pointIds(repository), settled);
      for (const id of settled) await expectPoint(repository, id, { 'disk-a': disk });
      await writer[Symbol.asyncDispose]();
      await writePoint(repository, one);
      await expectPoint(repository, draftOf(one).id, { 'disk-a': disk });
    },
  },
  {
    name: 'takes points of two streams of a machine at once',
    clause: 'CaptureRequest.stream: a stream owns its baselines; Repository.begin',
    async run({ repository }) {
      const streams = ['stream-1', 'stream-2'].map(streamId);
      const writers = await Promise.all(
        streams.map((stream) => beginWritten(repository, { ...one, stream, id: `of-${stream}` as never })),
      );
      for (const writer of writers) {
        await writer.commit([]);
        await writer[Symbol.asyncDispose]();
      }
      for (const stream of streams) {
        const [point] = await collect(repository.points({ machine: MACHINE, stream }));
        assert.equal(point?.id, `of-${stream}`);
      }
    },
  },
];

function changedDisk(): DiskContent {
  const content = disk.snapshot();
  content.write(262_144, seededBytes(52, 131_072));
  return content;
}

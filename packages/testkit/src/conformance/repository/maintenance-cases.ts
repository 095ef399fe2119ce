import assert from 'node:assert/strict';
import {
  type PointId,
  type Repository,
  type RepositoryCapabilities,
  type RepositoryMaintenance,
  type RetentionPolicy,
  streamId,
} from '@sendense/core';
import { collect } from '../../collect.ts';
import type { DiskContent } from '../../memory/disk/disk-content.ts';
import { createTestFence } from '../../memory/test-fence.ts';
import { seededBytes } from '../../seeded.ts';
import { readRange, sampleContent } from '../block-device/block-access.ts';
import type { ConformanceCase } from '../case.ts';
import { expectBytes, expectCode, settle } from '../expect.ts';
import {
  changed,
  copyDisk,
  draftOf,
  expectPoint,
  pointIds,
  type WrittenDisk,
  writePoint,
  writerOf,
} from './point-work.ts';
import type { RepositoryContext } from './repository-subject.ts';

type MaintenanceCase = ConformanceCase<RepositoryContext, RepositoryCapabilities>;

const disk = sampleContent();

/** A written chain: ids and contents, oldest first. */
export type Chain = readonly { readonly id: PointId; readonly content: DiskContent }[];

/** Writes a full and deltas on it, or fulls alone where there are no deltas. */
export async function writeChain(
  { repository, capabilities }: RepositoryContext,
  length: number,
): Promise<Chain> {
  const chain: { id: PointId; content: DiskContent }[] = [];
  for (let index = 0; index < length; index++) {
    const before = chain.at(-1);
    const step = changed(before?.content ?? disk, index * 196_608, seededBytes(90 + index, 65_536));
    const delta: WrittenDisk =
      before === undefined || !capabilities.incremental
        ? { content: step.content }
        : { ...step, base: before.id };
    const point = await writePoint(repository, { sequence: index + 1, disks: { 'disk-a': delta } });
    chain.push({ id: point.id, content: step.content });
  }
  return chain;
}

/** The maintenance of a repository; a plugin without one fails here. */
export function maintenanceOf(repository: Repository): RepositoryMaintenance {
  assert.ok(repository.maintenance !== undefined, 'the repository offers no maintenance');
  return repository.maintenance;
}

/** Delete and prune, beside writers and readers. */
export const maintenanceCases: readonly MaintenanceCase[] = [
  {
    name: 'deletes a point, and keeps the content of all others',
    clause:
      'RepositoryMaintenance.delete; one that others build on and cannot be merged into them with CONFLICT',
    async run(context) {
      const { repository } = context;
      const [first, second, third] = await writeChain(context, 3);
      assert.ok(first !== undefined && second !== undefined && third !== undefined);
      const outcome = await settle(() => maintenanceOf(repository).delete(second.id));
      if (!outcome.ok) await expectCode(() => Promise.reject(outcome.error), 'CONFLICT');
      const left = outcome.ok ? [first.id, third.id] : [first.id, second.id, third.id];
      assert.deepEqual(await pointIds(repository), left);
      await expectPoint(repository, first.id, { 'disk-a': first.content });
      await expectPoint(repository, third.id, { 'disk-a': third.content });
      await maintenanceOf(repository).delete(third.id);
      await expectCode(() => repository.open(third.id), 'NOT_FOUND');
      await expectPoint(repository, first.id, { 'disk-a': first.content });
      await expectCode(() => maintenanceOf(repository).delete(third.id), 'NOT_FOUND');
    },
  },

  {
    name: 'keeps what each rule of a policy keeps',
    clause: 'RetentionPolicy: the newest point of each of the last N hours, days, … that have one (UTC)',
    async run({ repository }) {
      const dates = [
        '2025-12-31T22:00',
        '2026-01-01T01:00',
        '2026-01-04T23:30',
        '2026-01-05T00:00',
        '2026-01-05T00:30',
        '2026-02-01T12:00',
      ];
      const ids: PointId[] = [];
      for (const [index, at] of dates.entries()) {
        const point = {
          sequence: index + 1,
          at: new Date(`${at}:00.000Z`),
          disks: { 'disk-a': { content: disk } },
        };
        ids.push((await writePoint(repository, point)).id);
      }
      const expected: readonly (readonly [RetentionPolicy, readonly number[]])[] = [
        [{ last: 2 }, [4, 5]],
        [{ hourly: 2 }, [4, 5]],
        [{ daily: 3 }, [2, 4, 5]],
        [{ weekly: 2 }, [4, 5]],
        [{ weekly: 9 }, [2, 4, 5]],
        [{ monthly: 3 }, [0, 4, 5]],
        [{ yearly: 2 }, [0, 5]],
        [{ last: 1, yearly: 2, daily: 2 }, [0, 4, 5]],
        [{ last: 99 }, [0, 1, 2, 3, 4, 5]],
      ];
      for (const [policy, kept] of expected) {
        const report = await maintenanceOf(repository).prune(policy, { dryRun: true });
        const wanted = ids.filter((_, index) => kept.includes(index));
        assert.deepEqual(report.kept.toSorted(), wanted.toSorted(), JSON.stringify(policy));
        assert.equal(report.kept.length + report.removed.length, ids.length, JSON.stringify(policy));
      }
      assert.deepEqual(await pointIds(repository), ids, 'a dry run removes nothing');
    },
  },
  {
    name: 'keeps the content of every kept point of a chain',
    clause: 'RepositoryMaintenance.prune: keep every held point and each kept point`s content',
    async run(context) {
      const { repository, reopen } = context;
      const chain = await writeChain(context, 5);
      const before = await repository.usage();
      const report = await maintenanceOf(repository).prune({ last: 2 });
      assert.deepEqual(
        report.kept.toSorted(),
        chain
          .slice(-2)
          .map(({ id }) => id)
          .sort(),
      );
      assert.equal(report.removed.length, 3);
      const other = await reopen();
      assert.deepEqual(
        await pointIds(other),
        chain.slice(-2).map(({ id }) => id),
      );
      for (const { id, content } of chain.slice(-2)) await expectPoint(other, id, { 'disk-a': content });
      const after = await repository.usage();
      assert.equal(after.points, 2);
      assert.ok(after.storedBytes <= before.storedBytes, 'a prune takes no more space than before');
      const problems = await collect(repository.verify({ depth: 'data' }));
      assert.deepEqual(
        problems.filter(({ severity }) => severity === 'error'),
        [],
      );
    },
  },
  {
    name: 'applies a policy to each stream alone',
    clause: 'RepositoryMaintenance.prune: applies the policy to each machine and stream alone',
    async run({ repository }) {
      const streams = ['stream-1', 'stream-2'].map(streamId);
      for (const stream of streams) {
        for (const sequence of [1, 2]) {
          const id = `${stream}-${sequence}` as PointId;
          await writePoint(repository, { id, stream, sequence, disks: { 'disk-a': { content: disk } } });
        }
      }
      const report = await maintenanceOf(repository).prune({ last: 1 });
      assert.deepEqual(report.kept.toSorted(), ['stream-1-2', 'stream-2-2']);
      assert.deepEqual(report.removed.toSorted(), ['stream-1-1', 'stream-2-1']);
    },
  },
  {
    name: 'refuses a policy that keeps nothing',
    clause: 'RetentionPolicy: a policy that keeps nothing is refused',
    async run(context) {
      await writeChain(context, 1);
      await expectCode(() => maintenanceOf(context.repository).prune({}), 'CONFIG_INVALID');
      assert.equal((await pointIds(context.repository)).length, 1);
    },
  },
  {
    name: 'keeps the base of a running backup until it ends',
    clause: 'Repository.begin: hold the bases against prune until the writer ends',
    requires: ({ incremental }) => incremental,
    async run(context) {
      const { repository } = context;
      const [first, second] = await writeChain(
        { ...context, capabilities: { ...context.capabilities, incremental: false } },
        2,
      );
      assert.ok(first !== undefined && second !== undefined);
      const third = changed(first.content, 786_432, seededBytes(98, 65_536));
      const point = { sequence: 3, disks: { 'disk-a': { ...third, base: first.id } } };
      const writer = await repository.begin(draftOf(point), createTestFence());
      await settle(() => maintenanceOf(repository).prune({ last: 1 }));
      await settle(() => maintenanceOf(repository).delete(first.id));
      await copyDisk(writerOf(writer.disks, 'disk-a'), third);
      await writer.commit([]);
      await writer[Symbol.asyncDispose]();
      await expectPoint(repository, draftOf(point).id, { 'disk-a': third.content });
    },
  },
  {
    name: 'lets an open reader keep its bytes whatever is deleted and rewritten',
    clause: 'PointReader: a hold that prune and consolidate wait for or work beside; invariant 11',
    async run(context) {
      const { repository } = context;
      const [first, second] = await writeChain(context, 2);
      assert.ok(first !== undefined && second !== undefined);
      const readers = [await repository.open(first.id), await repository.open(second.id)];
      const maintenance = maintenanceOf(repository);
      await settle(() => maintenance.consolidate?.({ kind: 'synthetic-full', point: second.id }));
      await settle(() => maintenance.prune({ last: 1 }));
      for (const [index, { content }] of [first, second].entries()) {
        const view = readers[index]?.disks[0] ?? assert.fail();
        expectBytes(await readRange(view.reader), content.bytes(), `the open point ${index}`);
        await readers[index]?.[Symbol.asyncDispose]();
      }
    },
  },
];

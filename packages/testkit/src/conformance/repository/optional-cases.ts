import assert from 'node:assert/strict';
import {
  type ConsolidateReport,
  type ConsolidateRequest,
  type PointAnnotation,
  type PointId,
  pointId,
  type RecoveryPoint,
  type Repository,
  type RepositoryCapabilities,
} from '@sendense/core';
import { collect } from '../../collect.ts';
import type { ConformanceCase } from '../case.ts';
import { expectCode } from '../expect.ts';
import { maintenanceOf, writeChain } from './maintenance-cases.ts';
import { expectPoint, pointIds } from './point-work.ts';
import type { RepositoryContext, RepositoryOffers } from './repository-subject.ts';

type Declared = RepositoryCapabilities & RepositoryOffers;

const annotates = (declared: Declared): boolean => declared.annotate;
const consolidates = (declared: Declared): boolean => declared.consolidate && declared.incremental;

function annotate(repository: Repository, id: PointId, change: PointAnnotation): Promise<RecoveryPoint> {
  const maintenance = maintenanceOf(repository);
  assert.ok(maintenance.annotate !== undefined, 'declares `annotate` and does not have it');
  return maintenance.annotate(id, change);
}

function consolidate(repository: Repository, request: ConsolidateRequest): Promise<ConsolidateReport> {
  const maintenance = maintenanceOf(repository);
  assert.ok(maintenance.consolidate !== undefined, 'declares `consolidate` and does not have it');
  return maintenance.consolidate(request);
}

/** What a repository need not offer: pins, notes and rewriting. Whether it does is declared by the subject. */
export const optionalCases: readonly ConformanceCase<RepositoryContext, Declared>[] = [
  {
    name: 'holds a point against delete and prune until it is released, for every process',
    clause:
      'RepositoryMaintenance: keep every held point; delete rejects a held point with IMMUTABLE; annotate',
    requires: annotates,
    inverse: {
      name: 'holds no point where points cannot be annotated',
      async run(context) {
        await writeChain(context, 2);
        assert.ok(
          !('annotate' in maintenanceOf(context.repository)),
          'has `annotate` and does not declare it',
        );
        const points = await collect(context.repository.points());
        assert.deepEqual(
          points.map(({ held }) => held),
          [false, false],
        );
      },
    },
    async run(context) {
      const { repository, reopen } = context;
      const [first, second] = await writeChain(context, 2);
      assert.ok(first !== undefined && second !== undefined);
      const held = await annotate(repository, first.id, { held: true, note: 'audit 2026' });
      assert.deepEqual([held.id, held.held, held.note], [first.id, true, 'audit 2026']);
      const other = await reopen();
      await expectCode(() => maintenanceOf(other).delete(first.id), 'IMMUTABLE');
      const report = await maintenanceOf(other).prune({ last: 1 });
      assert.deepEqual([report.kept.toSorted(), report.removed], [[first.id, second.id].sort(), []]);
      await expectPoint(repository, first.id, { 'disk-a': first.content });
      await annotate(repository, first.id, { held: false });
      const [released] = await collect(repository.points());
      assert.deepEqual([released?.held, released?.note], [false, 'audit 2026']);
      assert.deepEqual((await maintenanceOf(repository).prune({ last: 1 })).removed, [first.id]);
      await expectPoint(repository, second.id, { 'disk-a': second.content });
    },
  },
  {
    name: 'changes of a point only what is annotated, and refuses a point that is not there',
    clause: 'RepositoryMaintenance.annotate: change nothing else; reject an unknown point with NOT_FOUND',
    requires: annotates,
    async run(context) {
      const { repository, reopen } = context;
      const chain = await writeChain(context, 2);
      const before = await collect(repository.points());
      const [first = assert.fail()] = chain;
      await annotate(repository, first.id, { note: 'a sentence' });
      await expectCode(() => annotate(repository, pointId('never-made'), { held: true }), 'NOT_FOUND');
      const after = await collect((await reopen()).points());
      assert.deepEqual(
        after,
        before.map((point) => (point.id === first.id ? { ...point, note: 'a sentence' } : point)),
      );
      for (const { id, content } of chain) await expectPoint(repository, id, { 'disk-a': content });
    },
  },
  {
    name: 'has the consolidation that it declares',
    clause: 'RepositoryMaintenance.consolidate: the member is there',
    requires: ({ consolidate: declared }) => declared,
    inverse: {
      name: 'has no consolidation that it does not declare',
      async run({ repository }) {
        assert.ok(!('consolidate' in maintenanceOf(repository)));
      },
    },
    async run({ repository }) {
      assert.ok('consolidate' in maintenanceOf(repository));
    },
  },
  {
    name: 'makes a point stand alone without changing what it is',
    clause: 'RepositoryMaintenance.consolidate: leave the point`s content, id and instant as they were',
    requires: consolidates,
    inverse: {
      name: 'merges what a prune takes away where nothing else consolidates',
      async run(context) {
        const last = (await writeChain(context, 3)).at(-1) ?? assert.fail();
        await maintenanceOf(context.repository).prune({ last: 1 });
        await expectPoint(context.repository, last.id, { 'disk-a': last.content });
      },
    },
    async run(context) {
      const { repository, reopen } = context;
      const chain = await writeChain(context, 3);
      const last = chain.at(-1) ?? assert.fail();
      const [before] = (await collect(repository.points())).slice(-1);
      const { point } = await consolidate(repository, { kind: 'synthetic-full', point: last.id });
      assert.deepEqual([point.id, point.instant, point.at], [before?.id, before?.instant, before?.at]);
      assert.deepEqual([point.parentId, point.disks.map(({ base }) => base)], [null, [null]]);
      for (const { id, content } of chain) await expectPoint(await reopen(), id, { 'disk-a': content });
      for (const { id } of chain.slice(0, 2).toReversed()) await maintenanceOf(repository).delete(id);
      await expectPoint(repository, last.id, { 'disk-a': last.content });
    },
  },
  {
    name: 'merges the points between two into the newer',
    clause: 'ConsolidateRequest: takes in the points between it and `onto`',
    requires: consolidates,
    async run(context) {
      const { repository } = context;
      const [first, , , last] = await writeChain(context, 4);
      assert.ok(first !== undefined && last !== undefined);
      const { point } = await consolidate(repository, { kind: 'merge', point: last.id, onto: first.id });
      assert.equal(point.id, last.id);
      assert.deepEqual(await pointIds(repository), [first.id, last.id]);
      await expectPoint(repository, last.id, { 'disk-a': last.content });
      await expectPoint(repository, first.id, { 'disk-a': first.content });
    },
  },
  {
    name: 'refuses to consolidate a point that is not there, and points that do not build on each other',
    clause:
      'RepositoryMaintenance.consolidate: reject an unknown point with NOT_FOUND, a wrong `onto` with PARENT_MISSING',
    requires: consolidates,
    async run(context) {
      const { repository } = context;
      const chain = await writeChain(context, 3);
      const [first, , last] = chain;
      assert.ok(first !== undefined && last !== undefined);
      const never = pointId('never-made');
      await expectCode(() => consolidate(repository, { kind: 'synthetic-full', point: never }), 'NOT_FOUND');
      const merge = (point: PointId, onto: PointId) => () =>
        consolidate(repository, { kind: 'merge', point, onto });
      await expectCode(merge(last.id, never), 'PARENT_MISSING');
      await expectCode(merge(first.id, last.id), 'PARENT_MISSING');
      assert.deepEqual(
        await pointIds(repository),
        chain.map(({ id }) => id),
      );
      for (const { id, content } of chain) await expectPoint(repository, id, { 'disk-a': content });
    },
  },
];

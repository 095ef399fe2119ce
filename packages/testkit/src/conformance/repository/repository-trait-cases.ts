import assert from 'node:assert/strict';
import type { PointReader, PointWriter } from '@sendense/core';
import { createTestFence } from '../../memory/test-fence.ts';
import { sampleContent } from '../block-device/block-access.ts';
import type { ConformanceCase } from '../case.ts';
import { expectCode, settle } from '../expect.ts';
import { abortedBeforeCases, abortedDuringCases } from '../traits/aborted.ts';
import { closedCases } from '../traits/closed.ts';
import type { Method } from '../traits/method.ts';
import { draftOf, pointIds, writePoint } from './point-work.ts';
import type { RepositoryContext } from './repository-subject.ts';

const disks = { 'disk-a': { content: sampleContent() } };
const committed = draftOf({ disks });

const methods: readonly Method<RepositoryContext>[] = [
  {
    name: 'begin',
    async call({ repository }, call) {
      const writer = await repository.begin(draftOf({ disks, sequence: 2 }), createTestFence(), call);
      await writer[Symbol.asyncDispose]();
    },
  },
  { name: 'points', call: ({ repository }, call) => repository.points(undefined, call) },
  {
    name: 'open',
    async call({ repository }, call) {
      const reader = await repository.open(committed.id, call);
      await reader[Symbol.asyncDispose]();
    },
  },
  { name: 'verify', call: ({ repository }, call) => repository.verify({ depth: 'structure' }, call) },
  { name: 'usage', call: ({ repository }, call) => repository.usage(call) },
  { name: 'delete', call: ({ repository }, call) => repository.maintenance?.delete(committed.id, call) },
  { name: 'prune', call: ({ repository }, call) => repository.maintenance?.prune({ last: 1 }, call) },
];

/** Methods that an open repository without a point answers too. */
const withoutPoint = methods.filter(({ name }) => !['open', 'delete'].includes(name));

const observe = ({ repository }: RepositoryContext): Promise<unknown> => pointIds(repository);

/** The traits of every method of a repository and of the handles it opens. */
export const repositoryTraitCases: readonly ConformanceCase<RepositoryContext>[] = [
  ...closedCases('Repository', methods, ({ repository }) => repository[Symbol.asyncDispose]()),
  ...abortedBeforeCases('Repository', withoutPoint, observe, assert.deepEqual),
  ...abortedDuringCases('Repository', withoutPoint, observe, assert.deepEqual),
  {
    name: 'a disposed point writer and its disks are closed',
    clause: 'PointWriter: a disposed handle is closed',
    async run({ repository }) {
      const writer: PointWriter = await repository.begin(draftOf({ disks }), createTestFence());
      await writer[Symbol.asyncDispose]();
      await writer[Symbol.asyncDispose]();
      await expectCode(() => writer.commit([]), 'NOT_OPEN');
      for (const disk of writer.disks.values()) await expectCode(() => disk.flush(), 'NOT_OPEN');
      assert.deepEqual(await pointIds(repository), []);
    },
  },
  {
    name: 'a disposed point reader and its disks are closed',
    clause: 'PointReader: a disposed handle is closed; DiskView.reader is closed with it',
    async run({ repository }) {
      await writePoint(repository, { disks });
      const reader: PointReader = await repository.open(committed.id);
      await reader[Symbol.asyncDispose]();
      await reader[Symbol.asyncDispose]();
      for (const disk of reader.disks)
        await expectCode(() => disk.reader.read(0, new Uint8Array(512)), 'NOT_OPEN');
    },
  },
  {
    name: 'delete and prune with an aborted signal leave every point',
    clause: 'Call.signal: aborting rejects the call with ABORTED; nothing is written after the rejection',
    async run(context) {
      await writePoint(context.repository, { disks });
      await writePoint(context.repository, { disks, sequence: 2 });
      const before = await pointIds(context.repository);
      const { maintenance } = context.repository;
      if (maintenance === undefined) return;
      const signal = AbortSignal.abort();
      await expectCode(() => maintenance.delete(committed.id, { signal }), 'ABORTED');
      await expectCode(() => maintenance.prune({ last: 1 }, { signal }), 'ABORTED');
      assert.deepEqual(await pointIds(context.repository), before);
    },
  },
  {
    name: 'answers many calls at once',
    clause: 'Repository: calls may overlap',
    async run({ repository }) {
      const point = await writePoint(repository, { disks });
      const calls = Array.from({ length: 6 }, async (_, index) => {
        const reader = await repository.open(point.id);
        await reader.disks[0]?.reader.read(index * 4096, new Uint8Array(4096));
        await reader[Symbol.asyncDispose]();
        return pointIds(repository);
      });
      for (const ids of await Promise.all(calls)) assert.deepEqual(ids, [point.id]);
      const outcome = await settle(() => repository.verify({ depth: 'data' }));
      assert.ok(outcome.ok);
    },
  },
];

import assert from 'node:assert/strict';
import {
  diskId,
  machineKeyOf,
  type PointId,
  pointId,
  type RepositoryCapabilities,
  streamId,
} from '@sendense/core';
import { collect } from '../../collect.ts';
import { DiskContent } from '../../memory/disk/disk-content.ts';
import { seededBytes } from '../../seeded.ts';
import { DISK_BYTES, sampleContent } from '../block-device/block-access.ts';
import type { ConformanceCase } from '../case.ts';
import { expectCode } from '../expect.ts';
import { changed, expectPoint, writePoint } from './point-work.ts';
import type { RepositoryContext } from './repository-subject.ts';

type ChainCase = ConformanceCase<RepositoryContext, RepositoryCapabilities>;

const disk = sampleContent();
const second = changed(disk, 262_144, seededBytes(61, 65_536));
const incremental = (capabilities: RepositoryCapabilities): boolean => capabilities.incremental;

/** The inverse of all that stands on a base. */
const refusesBase = {
  name: 'refuses a point with a base with UNSUPPORTED',
  async run({ repository }: RepositoryContext) {
    const base = await writePoint(repository, { disks: { 'disk-a': { content: disk } } });
    await expectCode(
      () => writePoint(repository, { sequence: 2, disks: { 'disk-a': { ...second, base: base.id } } }),
      'UNSUPPORTED',
    );
  },
};

/** Points that stand on other points. */
export const chainCases: readonly ChainCase[] = [
  {
    name: 'reads a delta as its base with the changes over it',
    clause:
      'PointWriter.disks: `untouched` is `base` for a delta; an unlisted range is unchanged (invariant 6)',
    requires: incremental,
    inverse: refusesBase,
    async run({ repository }) {
      const base = await writePoint(repository, { disks: { 'disk-a': { content: disk } } });
      const delta = { ...second, base: base.id };
      const point = await writePoint(repository, { sequence: 2, disks: { 'disk-a': delta } });
      assert.equal(point.parentId, base.id);
      assert.equal(point.kind, 'incremental');
      await expectPoint(repository, point.id, { 'disk-a': second.content });
      await expectPoint(repository, base.id, { 'disk-a': disk });
    },
  },
  {
    name: 'reads zeros where a delta says zeros over data of its base',
    clause: 'BlockWriter.zero: read as zeros, whatever `untouched` is',
    requires: incremental,
    async run({ repository }) {
      const base = await writePoint(repository, { disks: { 'disk-a': { content: disk } } });
      const content = disk.snapshot();
      content.zero(0, 131_072);
      const extents = [{ offset: 0, length: 131_072, kind: 'zero' }] as const;
      const point = await writePoint(repository, {
        sequence: 2,
        disks: { 'disk-a': { content, extents, base: base.id } },
      });
      await expectPoint(repository, point.id, { 'disk-a': content });
    },
  },
  {
    name: 'reads every point of a chain, and a differential beside it',
    clause: 'Repository.open: random reads of a point, whatever it stands on',
    requires: ({ incremental: deltas, branching }) => deltas && branching,
    async run({ repository }) {
      const contents = [disk];
      const ids: PointId[] = [];
      for (let index = 0; index < 4; index++) {
        const step = changed(contents.at(-1) ?? disk, index * 131_072, seededBytes(70 + index, 98_304));
        const base = index === 0 ? {} : { base: ids.at(-1) ?? pointId('none'), extents: step.extents };
        const written = { content: index === 0 ? disk : step.content, ...base };
        ids.push((await writePoint(repository, { sequence: index + 1, disks: { 'disk-a': written } })).id);
        if (index > 0) contents.push(step.content);
      }
      const differential = changed(disk, 786_432, seededBytes(79, 65_536));
      const beside = await writePoint(repository, {
        sequence: 5,
        kind: 'differential',
        disks: { 'disk-a': { ...differential, base: ids[0] ?? pointId('none') } },
      });
      for (const [index, id] of ids.entries()) {
        await expectPoint(repository, id, { 'disk-a': contents[index] ?? disk });
      }
      await expectPoint(repository, beside.id, { 'disk-a': differential.content });
    },
  },
  {
    name: 'refuses a base that is not there',
    clause: 'Repository.begin: reject a missing base with PARENT_MISSING',
    requires: incremental,
    async run({ repository }) {
      const point = { disks: { 'disk-a': { ...second, base: pointId('never-made') } } };
      await expectCode(() => writePoint(repository, point), 'PARENT_MISSING');
    },
  },
  {
    name: 'refuses a base that is another machine or lacks the disk',
    clause: 'invariant 1: a delta is applied only to a disk that equals its first instant',
    requires: incremental,
    async run({ repository }) {
      const base = await writePoint(repository, { disks: { 'disk-a': { content: disk } } });
      const foreign = machineKeyOf({ connection: 'testkit', id: 'machine-2' });
      const delta = { ...second, base: base.id };
      await expectCode(
        () => writePoint(repository, { sequence: 2, disks: { 'disk-b': delta } }),
        'PARENT_MISSING',
        'INCOMPATIBLE',
      );
      await expectCode(
        () => writePoint(repository, { sequence: 2, machine: foreign, disks: { 'disk-a': delta } }),
        'PARENT_MISSING',
        'INCOMPATIBLE',
      );
    },
  },
  {
    name: 'takes two children of one point',
    clause: 'Repository.begin requires `branching` for a base that already has a child',
    requires: ({ incremental: deltas, branching }) => deltas && branching,
    inverse: { name: 'refuses a second child of one point with UNSUPPORTED', run: refusesBranch },
    async run({ repository }) {
      const base = await writePoint(repository, { disks: { 'disk-a': { content: disk } } });
      const other = changed(disk, 524_288, seededBytes(62, 65_536));
      const stream = streamId('stream-2');
      const first = await writePoint(repository, {
        sequence: 2,
        disks: { 'disk-a': { ...second, base: base.id } },
      });
      const child = {
        id: pointId('branch'),
        sequence: 1,
        stream,
        disks: { 'disk-a': { ...other, base: base.id } },
      };
      const branch = await writePoint(repository, child);
      await expectPoint(repository, first.id, { 'disk-a': second.content });
      await expectPoint(repository, branch.id, { 'disk-a': other.content });
      await expectPoint(repository, base.id, { 'disk-a': disk });
    },
  },
  {
    name: 'reads a grown disk as its base, then what the delta says',
    clause: 'Repository.begin requires `growDisk` for a disk larger than its base',
    requires: ({ incremental: deltas, growDisk }) => deltas && growDisk,
    inverse: { name: 'refuses a disk larger than its base with UNSUPPORTED', run: refusesGrowth },
    async run({ repository }) {
      const base = await writePoint(repository, { disks: { 'disk-a': { content: disk } } });
      const { content, extents } = grown();
      const delta = { content, extents, base: base.id };
      const point = await writePoint(repository, { sequence: 2, disks: { 'disk-a': delta } });
      await expectPoint(repository, point.id, { 'disk-a': content });
      await expectPoint(repository, base.id, { 'disk-a': disk });
    },
  },
  {
    name: 'refuses a disk smaller than its base',
    clause: 'A machine whose disks change between captures: shrunk is full',
    requires: incremental,
    async run({ repository }) {
      const base = await writePoint(repository, { disks: { 'disk-a': { content: disk } } });
      const content = disk.snapshot();
      content.resize(DISK_BYTES - 524_288);
      await expectCode(
        () =>
          writePoint(repository, {
            sequence: 2,
            disks: { 'disk-a': { content, extents: [], base: base.id } },
          }),
        'UNSUPPORTED',
        'INCOMPATIBLE',
        'RANGE_INVALID',
      );
    },
  },
  {
    name: 'takes a point with a delta, a new disk, and a disk less',
    clause: 'invariant 12: a point holds all captured disks',
    requires: incremental,
    async run({ repository }) {
      const gone = new DiskContent(65_536);
      const base = await writePoint(repository, {
        disks: { 'disk-a': { content: disk }, 'disk-b': { content: gone } },
      });
      const added = sampleContent(262_144);
      const disks = { 'disk-a': { ...second, base: base.id }, 'disk-c': { content: added } };
      const point = await writePoint(repository, { sequence: 2, disks });
      await expectPoint(repository, point.id, { 'disk-a': second.content, 'disk-c': added });
      await expectPoint(repository, base.id, { 'disk-a': disk, 'disk-b': gone });
    },
  },
  {
    name: 'numbers a disk once and never gives the number to another',
    clause: 'PointDisk.number: given to a DiskId once and never reused',
    async run({ repository, reopen }) {
      const numbers = new Map<string, number>();
      const machines = [
        ['disk-a', 'disk-b'],
        ['disk-b', 'disk-c'],
        ['disk-c', 'disk-a', 'disk-d'],
      ];
      for (const [index, ids] of machines.entries()) {
        const disks = Object.fromEntries(ids.map((id) => [id, { content: new DiskContent(65_536) }]));
        const point = await writePoint(await reopen(), { sequence: index + 1, disks });
        for (const { id, number } of point.disks) {
          assert.equal(numbers.get(id) ?? number, number, `${id} keeps its number`);
          numbers.set(id, number);
        }
        await repository.maintenance?.delete(point.id);
      }
      assert.equal(new Set(numbers.values()).size, numbers.size, 'no two disks share a number');
    },
  },
  {
    name: 'tells what changed since another point, or why it cannot',
    clause:
      'Repository.open: with `since`, each disk`s `changes` are those since that point, else full with a reason',
    requires: incremental,
    async run({ repository }) {
      const base = await writePoint(repository, { disks: { 'disk-a': { content: disk } } });
      const delta = { ...second, base: base.id };
      const point = await writePoint(repository, { sequence: 2, disks: { 'disk-a': delta } });
      const reader = await repository.open(point.id, { since: base.id });
      const changes = reader.disks.find(({ id }) => id === diskId('disk-a'))?.changes ?? assert.fail();
      if (changes.kind === 'full') assert.ok(changes.reason.length > 0, 'a full has a reason');
      else {
        assert.equal(changes.since, base.instant);
        const model = disk.snapshot();
        for (const { offset, length, kind } of await collect(changes.extents())) {
          if (kind === 'zero') model.zero(offset, length);
          else model.write(offset, second.content.bytes({ offset, length }));
        }
        assert.ok(Buffer.compare(model.bytes(), second.content.bytes()) === 0, 'base + changes = point');
      }
      await reader[Symbol.asyncDispose]();
    },
  },
];

function grown() {
  const content = disk.snapshot();
  content.resize(DISK_BYTES + 1_048_576);
  content.write(DISK_BYTES + 65_536, seededBytes(63, 65_536));
  const beyond = { offset: DISK_BYTES, length: content.sizeBytes - DISK_BYTES };
  return { content, extents: [...content.extents(beyond)] };
}

async function refusesBranch({ repository }: RepositoryContext): Promise<void> {
  const base = await writePoint(repository, { disks: { 'disk-a': { content: disk } } });
  const delta = { 'disk-a': { ...second, base: base.id } };
  await expectCode(async () => {
    await writePoint(repository, { sequence: 2, disks: delta });
    await writePoint(repository, { id: pointId('branch'), stream: streamId('stream-2'), disks: delta });
  }, 'UNSUPPORTED');
}

async function refusesGrowth({ repository }: RepositoryContext): Promise<void> {
  const base = await writePoint(repository, { disks: { 'disk-a': { content: disk } } });
  const disks = { 'disk-a': { ...grown(), base: base.id } };
  await expectCode(() => writePoint(repository, { sequence: 2, disks }), 'UNSUPPORTED');
}

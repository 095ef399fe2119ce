import assert from 'node:assert/strict';
import {
  type Artifact,
  diskId,
  machineKeyOf,
  pointId,
  type RecoveryPoint,
  type Repository,
  type RepositoryCapabilities,
  streamId,
} from '@sendense/core';
import { loadBlake3 } from '@sendense/plugin-kit/digest';
import { collect } from '../../collect.ts';
import { createTestFence } from '../../memory/test-fence.ts';
import { seededBytes } from '../../seeded.ts';
import { DISK_BYTES, sampleContent } from '../block-device/block-access.ts';
import type { ConformanceCase } from '../case.ts';
import { expectBytes, expectCode } from '../expect.ts';
import { beginWritten } from './commit-cases.ts';
import {
  changed,
  copyDisk,
  draftOf,
  FIRST_POINT,
  items,
  MACHINE,
  writePoint,
  writerOf,
} from './point-work.ts';
import type { RepositoryContext } from './repository-subject.ts';

type QueryCase = ConformanceCase<RepositoryContext, RepositoryCapabilities>;

const disk = sampleContent();
const disks = { 'disk-a': { content: disk } };
const other = machineKeyOf({ connection: 'testkit', id: 'machine-2' });

/** What is asked of committed points: lists, usage, digests, artifacts. */
export const queryCases: readonly QueryCase[] = [
  {
    name: 'declares the capabilities of its manifest',
    clause: 'Repository.capabilities',
    async run({ repository, capabilities }) {
      assert.deepEqual(repository.capabilities, capabilities);
      assert.equal(repository.specificationVersion, 'v1');
      assert.ok(repository.kind.length > 0 && repository.id.length > 0);
    },
  },
  {
    name: 'keeps its id for every process that opens it',
    clause: 'RepositoryId: a repository, whatever path or address it is reached by',
    async run({ repository, reopen }) {
      assert.equal((await reopen()).id, repository.id);
    },
  },
  {
    name: 'lists nothing and uses next to nothing while it is empty',
    clause: 'Repository.points: yield committed points only',
    async run({ repository }) {
      assert.deepEqual(await collect(repository.points()), []);
      const { points, machines, logicalBytes } = await repository.usage();
      assert.deepEqual([points, machines, logicalBytes], [0, 0, 0]);
    },
  },
  {
    name: 'lists points oldest first',
    clause: 'Repository.points: oldest first',
    async run({ repository }) {
      await writeFour(repository);
      const at = (await collect(repository.points())).map((point) => point.at.getTime());
      assert.equal(at.length, 4);
      assert.deepEqual(
        at,
        at.toSorted((a, b) => a - b),
      );
    },
  },
  {
    name: 'lists what a filter lets through, with both ends of a time range',
    clause: 'PointFilter: all given fields must hold; `from`/`to` bound the instant, inclusive',
    async run({ repository }) {
      const [first, second, third, fourth] = await writeFour(repository);
      const listed = async (filter: Parameters<Repository['points']>[0]) =>
        (await collect(repository.points(filter))).map(({ id }) => id);
      assert.deepEqual(await listed({ machine: other }), [fourth]);
      assert.deepEqual(await listed({ machine: MACHINE, stream: streamId('stream-2') }), [third]);
      assert.deepEqual(await listed({ stream: streamId('none') }), []);
      assert.deepEqual(await listed({ from: FIRST_POINT, to: FIRST_POINT }), [first]);
      const later = new Date(FIRST_POINT.getTime() + 1);
      assert.deepEqual(await listed({ machine: MACHINE, stream: streamId('stream-1'), from: later }), [
        second,
      ]);
    },
  },
  {
    name: 'refuses to open a point that is not there',
    clause: 'Repository.open: reject an unknown point with NOT_FOUND',
    async run({ repository }) {
      await expectCode(() => repository.open(pointId('never-made')), 'NOT_FOUND');
    },
  },
  {
    name: 'counts what it keeps',
    clause: 'RepositoryUsage',
    async run({ repository }) {
      const empty = await repository.usage();
      await writeFour(repository);
      const usage = await repository.usage();
      assert.equal(usage.points, 4);
      assert.equal(usage.machines, 2);
      assert.equal(usage.logicalBytes, 4 * DISK_BYTES);
      assert.ok(usage.storedBytes > empty.storedBytes + 65_536, `storedBytes grew by what was stored`);
    },
  },
  {
    name: 'refuses a disk larger than it takes with UNSUPPORTED',
    clause: 'Repository.begin: capabilities.maxDiskBytes',
    requires: ({ maxDiskBytes }) => maxDiskBytes < Number.MAX_SAFE_INTEGER,
    async run({ repository, capabilities }) {
      const [drafted] = draftOf({ disks }).disks;
      assert.ok(drafted !== undefined);
      const tooLarge = { ...drafted, sizeBytes: capabilities.maxDiskBytes + 512 };
      const draft = { ...draftOf({ disks }), disks: [tooLarge] };
      await expectCode(() => repository.begin(draft, createTestFence()), 'UNSUPPORTED');
    },
  },
  {
    name: 'gives digests of a delta that are the digests of what is read',
    clause: 'BlockReader.digests: be the digest of what `read` gives',
    requires: ({ incremental }) => incremental,
    async run({ repository }) {
      const base = await writePoint(repository, { disks });
      const second = changed(disk, 262_144, seededBytes(81, 65_536));
      const point = await writePoint(repository, {
        sequence: 2,
        disks: { 'disk-a': { ...second, base: base.id } },
      });
      const reader = await repository.open(point.id);
      await expectDigests(reader.disks[0] ?? assert.fail(), second.content.bytes());
      await reader[Symbol.asyncDispose]();
    },
  },
  {
    name: 'gives back the artifacts of a point',
    clause: 'PointWriter.artifact; PointReader.artifacts',
    async run({ repository, reopen }) {
      const bytes = seededBytes(82, 4097);
      const writer = await beginWritten(repository, { disks });
      await writer.artifact(artifact(bytes, false));
      const point = await writer.commit([]);
      await writer[Symbol.asyncDispose]();
      assert.deepEqual(point.artifacts, [{ name: 'nvram', sizeBytes: 4097 }]);
      const reader = await (await reopen()).open(point.id);
      const [stored] = reader.artifacts;
      assert.deepEqual([stored?.name, stored?.sensitive, stored?.sizeBytes], ['nvram', false, 4097]);
      expectBytes((await stored?.bytes()) ?? new Uint8Array(), bytes, 'the artifact');
      await reader[Symbol.asyncDispose]();
    },
  },
  {
    name: 'takes a sensitive artifact',
    clause: 'invariant 13: sensitive artifacts go only into an encrypted repository',
    requires: ({ encryption }) => encryption,
    inverse: {
      name: 'refuses a sensitive artifact without encryption with INCOMPATIBLE',
      run: refusesSensitive,
    },
    async run({ repository, stored }) {
      const bytes = seededBytes(83, 4096);
      const writer = await beginWritten(repository, { disks });
      await writer.artifact(artifact(bytes, true));
      await writer.commit([]);
      await writer[Symbol.asyncDispose]();
      for (const object of await stored()) {
        assert.ok(
          !Buffer.from(await object.read()).includes(Buffer.from(bytes.subarray(0, 64))),
          `${object.name} holds it in clear`,
        );
      }
    },
  },
];

async function refusesSensitive({ repository }: RepositoryContext): Promise<void> {
  const writer = await repository.begin(draftOf({ disks }), createTestFence());
  await copyDisk(writerOf(writer.disks, 'disk-a'), { content: disk });
  await expectCode(() => writer.artifact(artifact(seededBytes(84, 16), true)), 'INCOMPATIBLE');
  await writer[Symbol.asyncDispose]();
}

function artifact(bytes: Uint8Array, sensitive: boolean): Artifact {
  return { name: 'nvram', sensitive, sizeBytes: bytes.byteLength, bytes: async () => bytes };
}

function hour(hours: number): Date {
  return new Date(FIRST_POINT.getTime() + hours * 3_600_000);
}

/** Two points of one stream, one of another stream, one of another machine; ids in that order. */
async function writeFour(repository: Repository): Promise<RecoveryPoint['id'][]> {
  const points = [
    { disks },
    { sequence: 2, disks },
    { id: pointId('stream-2-1'), stream: streamId('stream-2'), at: hour(2), disks },
    { id: pointId('machine-2-1'), machine: other, at: hour(3), disks },
  ];
  const ids: RecoveryPoint['id'][] = [];
  for (const point of points) ids.push((await writePoint(repository, point)).id);
  return ids;
}

async function expectDigests(
  {
    id,
    reader,
  }: { readonly id: string; readonly reader: Awaited<ReturnType<Repository['open']>>['disks'][0]['reader'] },
  bytes: Uint8Array,
): Promise<void> {
  assert.equal(id, diskId('disk-a'));
  const { digestPieceBytes } = reader;
  if (digestPieceBytes === undefined) return;
  const blake3 = await loadBlake3();
  const pieces = Array.from({ length: Math.ceil(bytes.byteLength / digestPieceBytes) }, (_, index) => {
    const offset = index * digestPieceBytes;
    return { offset, length: Math.min(digestPieceBytes, bytes.byteLength - offset) };
  });
  const digests = await collect(reader.digests?.(items(pieces)) ?? items([]));
  assert.equal(digests.length, pieces.length);
  for (const [index, { offset, length }] of pieces.entries()) {
    const piece = bytes.subarray(offset, offset + length);
    const digest = digests[index] ?? assert.fail();
    if (digest.byteLength === 0)
      assert.ok(
        piece.every((byte) => byte === 0),
        `no digest for data at ${offset}`,
      );
    else expectBytes(digest, blake3(piece), `the digest at ${offset}`);
  }
}

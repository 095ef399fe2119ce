import assert from 'node:assert/strict';
import {
  diskId,
  instantId,
  machineKeyOf,
  type PointDraft,
  pointId,
  type Repository,
  streamId,
  systemServices,
} from '@sendense/core';
import { createEngine } from '@sendense/engine';
import {
  createDirectoryStore,
  createObjectRepository,
  type KeyProvider,
  openObjectRepository,
} from '@sendense/object-repository';
import { soloFence } from '@sendense/plugin-kit';
import type { FileSystem } from '@sendense/plugin-kit/files';
import { createLocalRepository, openLocalRepository } from '@sendense/repository-local';
import {
  collect,
  countingFileSystem,
  crashingFileSystem,
  createMemoryFileSystem,
  createMemoryJournal,
  createTestFence,
  type JournalStorage,
  type MemoryFileSystem,
  seededBytes,
} from '@sendense/testkit';
import { describe, expect, it } from 'vitest';

const CHUNK_BYTES = 65_536;
const DISK = diskId('disk-a');
const PLAIN: KeyProvider = {
  name: 'test',
  wrap: async (key) => Uint8Array.from(key),
  unwrap: async (wrapped) => Uint8Array.from(wrapped),
};
const KEY = { provider: PLAIN };
/** What the disk holds at each point: a seed for each chunk, 0 for zeros. */
const POINTS = [
  { id: pointId('s-1'), disk: [1, 2, 0] },
  { id: pointId('s-2'), disk: [1, 3, 4] },
] as const;

type Kind = 'local' | 'object';
const PATHS = { local: '/chain', object: '/objects' } as const;
const other = (kind: Kind): Kind => (kind === 'local' ? 'object' : 'local');

/** What outlives a process. */
type World = { readonly files: MemoryFileSystem; readonly journal: JournalStorage };

function open(kind: Kind, fileSystem: FileSystem): Promise<Repository> {
  if (kind === 'local') return openLocalRepository({ path: PATHS.local }, { fileSystem });
  const store = createDirectoryStore({ path: PATHS.object }, fileSystem);
  return openObjectRepository({ store, key: KEY }, { fileSystem });
}

/** A repository of each kind, that of `from` with the points, all of it durable. */
async function prepare(from: Kind): Promise<MemoryFileSystem> {
  const fileSystem = createMemoryFileSystem();
  await (await createLocalRepository({ path: PATHS.local }, { fileSystem }))[Symbol.asyncDispose]();
  const store = createDirectoryStore({ path: PATHS.object }, fileSystem);
  const made = await createObjectRepository({ store, key: KEY, chunkBytes: CHUNK_BYTES }, { fileSystem });
  await made[Symbol.asyncDispose]();
  await using repository = await open(from, fileSystem);
  for (const index of POINTS.keys()) await writePoint(repository, index);
  for (const path of ['/', PATHS.local, PATHS.object, `${PATHS.local}/sessions`])
    await fileSystem.syncDirectory(path);
  return fileSystem;
}

async function writePoint(repository: Repository, index: number): Promise<void> {
  const { disk = [] } = POINTS[index] ?? {};
  const base = POINTS[index - 1];
  await using writer = await repository.begin(draftOf(index), soloFence);
  const into = writer.disks.get(DISK) ?? assert.fail();
  for (const [chunk, seed] of disk.entries())
    if (base === undefined ? seed !== 0 : base.disk[chunk] !== seed)
      await into.write(chunk * CHUNK_BYTES, seededBytes(seed, CHUNK_BYTES));
  await into.flush();
  await writer.commit([]);
}

function draftOf(index: number): PointDraft {
  const { id = pointId(''), disk = [] } = POINTS[index] ?? {};
  const base = POINTS[index - 1]?.id ?? null;
  return {
    id,
    instant: instantId(`instant-${index}`),
    at: new Date(Date.UTC(2026, 0, 1, index)),
    machine: machineKeyOf({ connection: 'test', id: 'machine' }),
    stream: streamId('s'),
    sequence: index + 1,
    kind: base === null ? 'full' : 'incremental',
    spec: {
      schema: 1,
      name: 'vm',
      platform: 'test',
      firmware: 'bios',
      architecture: 'x86_64',
      disks: [],
      nics: [],
    },
    consistency: 'crash',
    disks: [
      {
        id: DISK,
        slot: { bus: 'virtio', controller: 0, unit: 0 },
        sizeBytes: disk.length * CHUNK_BYTES,
        sectorBytes: 512,
        base,
        reason: base === null ? 'first-backup' : null,
      },
    ],
    skipped: [],
    findings: [],
  };
}

/** One process that copies every point; `fileSystem` is where both repositories are. */
async function copy(from: Kind, { journal }: World, fileSystem: FileSystem) {
  await using source = await open(from, fileSystem);
  await using destination = await open(other(from), fileSystem);
  const engine = createEngine({
    journal: createMemoryJournal(journal),
    services: systemServices(),
    fence: createTestFence(),
  });
  return await engine.copy({ from: source, to: destination });
}

/** Fails unless every point that a repository has is whole; tells which those are. */
async function wholePoints(kind: Kind, fileSystem: FileSystem): Promise<readonly string[]> {
  await using repository = await open(kind, fileSystem);
  const there = (await collect(repository.points())).map(({ id }) => id);
  for (const { id, disk } of POINTS) {
    if (!there.includes(id)) continue;
    await using point = await repository.open(id);
    const bytes = new Uint8Array(disk.length * CHUNK_BYTES);
    await (point.disks[0] ?? assert.fail()).reader.read(0, bytes);
    for (const [chunk, seed] of disk.entries()) {
      const wanted = seed === 0 ? new Uint8Array(CHUNK_BYTES) : seededBytes(seed, CHUNK_BYTES);
      const found = bytes.subarray(chunk * CHUNK_BYTES, (chunk + 1) * CHUNK_BYTES);
      assert.equal(Buffer.compare(found, wanted), 0, `chunk ${chunk} of ${id}`);
    }
  }
  const findings = await collect(repository.verify({ depth: 'data' }));
  expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  return there;
}

const newJournal = (): JournalStorage => ({ entries: new Map(), revision: 0 });

describe.each([
  ['a local chain', 'local'],
  ['an object repository', 'object'],
] as const)('a copy from %s into the other kind that dies before any change of a file', (_what, from) => {
  it('leaves only points that are whole, and the next copy brings the others', async () => {
    const ids = POINTS.map(({ id }) => id);
    const prepared = await prepare(from);
    const counting = countingFileSystem(prepared.afterPowerLoss(0));
    await copy(from, { files: prepared, journal: newJournal() }, counting);
    const cuts = counting.changes.length;
    const left = new Set<number>();
    for (let cutAt = 1; cutAt <= cuts; cutAt += 1) {
      const world: World = { files: prepared.afterPowerLoss(0), journal: newJournal() };
      await copy(from, world, crashingFileSystem(world.files, { cutAt, tornBytes: 0 })).catch(
        () => undefined,
      );
      const there = await wholePoints(other(from), world.files);
      left.add(there.length);
      const next = await copy(from, world, world.files);
      expect(next, `cut ${cutAt} of ${cuts}`).toMatchObject({ failed: [], verified: true });
      expect(next.skipped).toEqual(there);
      expect([...next.skipped, ...next.copied]).toEqual(ids);
      expect(await wholePoints(other(from), world.files)).toEqual(ids);
      expect(await wholePoints(from, world.files)).toEqual(ids);
    }
    console.log(`copy from ${from}: ${cuts} cuts`);
    expect(cuts).toBeGreaterThan(60);
    // the cuts were at work: before the first point, between both, and behind the last
    expect(left).toEqual(new Set([0, 1, 2]));
  }, 240_000);
});

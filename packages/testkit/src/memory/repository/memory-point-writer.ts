import {
  type Artifact,
  type ChangeState,
  type DiskId,
  type Fence,
  type PointDraft,
  type PointWriter,
  type RecoveryPoint,
  SendenseError,
} from '@sendense/core';
import type { Blake3 } from '@sendense/plugin-kit/digest';
import { Lifetime } from '../lifetime.ts';
import { numberDisks } from './disk-numbers.ts';
import type { MemoryStore } from './memory-store.ts';
import { pieceKey } from './piece-table.ts';
import type { PieceWriter } from './piece-writer.ts';
import {
  type PointRecord,
  parseRecord,
  readRecords,
  recordKey,
  serializeRecord,
  sweepUnused,
} from './point-record.ts';

/** What a point writer commits to. */
export type MemoryPointWriterOptions = {
  readonly store: MemoryStore;
  readonly draft: PointDraft;
  readonly parentId: RecoveryPoint['parentId'];
  readonly fence: Fence;
  readonly blake3: Blake3;
  readonly disks: ReadonlyMap<DiskId, PieceWriter>;
  readonly hold: ReturnType<MemoryStore['hold']>;
  /** Sensitive artifacts are taken only when this is `true`. */
  readonly encrypted: boolean;
};

type StoredArtifact = { readonly artifact: Artifact; readonly digest: string };

/** Opens the writer of one point. */
export function openMemoryPointWriter(options: MemoryPointWriterOptions): PointWriter {
  const { store, draft, hold, blake3 } = options;
  const lifetime = new Lifetime('memory point writer');
  const artifacts: StoredArtifact[] = [];
  return {
    disks: options.disks,
    async artifact(artifact, call) {
      await lifetime.enter('write-artifact', call);
      checkSensitive(artifact, options.encrypted);
      const bytes = Uint8Array.from(await artifact.bytes(call));
      lifetime.check('write-artifact', call);
      const digest = Buffer.from(blake3(bytes)).toString('hex');
      hold.objects.add(pieceKey(digest));
      store.objects.set(pieceKey(digest), bytes);
      artifacts.push({ artifact, digest });
    },
    async commit(states, call) {
      await lifetime.enter('commit-point', call);
      const earlier = readRecords(store, blake3).find(({ point }) => point.id === draft.id);
      if (earlier !== undefined) return earlier.point;
      await options.fence.check();
      lifetime.check('commit-point', call);
      return createRecord(options, recordOf(options, states, artifacts));
    },
    async [Symbol.asyncDispose]() {
      if (!lifetime.close()) return;
      for (const disk of options.disks.values()) await disk[Symbol.asyncDispose]();
      hold.release();
      sweepUnused(store, blake3);
    },
  };
}

function recordOf(
  { store, draft, disks, parentId, blake3 }: MemoryPointWriterOptions,
  states: readonly ChangeState[],
  artifacts: readonly StoredArtifact[],
): PointRecord {
  const ids = draft.disks.map(({ id }) => id);
  const numbers = numberDisks(store, draft.machine, ids, blake3);
  const stored = draft.disks.map((disk) => ({
    ...disk,
    number: numbers.get(disk.id) ?? 0,
    storedBytes: disks.get(disk.id)?.storedBytes ?? 0,
    writtenBytes: disks.get(disk.id)?.writtenBytes ?? 0,
  }));
  const point: RecoveryPoint = {
    ...draft,
    disks: stored,
    parentId,
    storedBytes: stored.reduce((sum, disk) => sum + disk.storedBytes, 0),
    states: structuredClone(states),
    artifacts: artifacts.map(({ artifact: { name, sizeBytes } }) => ({ name, sizeBytes })),
    held: false,
    note: draft.note ?? null,
  };
  return {
    point,
    tables: new Map([...disks].map(([id, disk]) => [id, disk.table()])),
    artifacts: artifacts.map(({ artifact: { sensitive }, digest }) => ({ digest, sensitive })),
  };
}

/** Creating the record under its sequence's name is the one step that commits; whoever comes second loses. */
function createRecord({ store, blake3 }: MemoryPointWriterOptions, record: PointRecord): RecoveryPoint {
  const key = recordKey(record.point);
  const there = store.objects.get(key);
  if (there !== undefined) throw sequenceTaken(parseRecord(key, there, blake3).point);
  store.objects.set(key, serializeRecord(record, blake3));
  return record.point;
}

/** The error of the loser of two writers. */
export function sequenceTaken({ id, stream, sequence }: RecoveryPoint): SendenseError {
  return new SendenseError('CONFLICT', `point ${id} already is number ${sequence} of stream ${stream}`, {
    operation: 'commit-point',
    context: { point: id, stream, sequence },
    remedy: 'another run backed up the same machine to here first; run the backup again',
  });
}

function checkSensitive(artifact: Artifact, encrypted: boolean): void {
  if (!artifact.sensitive || encrypted) return;
  throw new SendenseError(
    'INCOMPATIBLE',
    `${artifact.name} is sensitive and this repository is not encrypted`,
    {
      operation: 'write-artifact',
      remedy: 'use an encrypted repository, or leave the artifact out',
    },
  );
}

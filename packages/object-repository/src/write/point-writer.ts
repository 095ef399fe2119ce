import {
  type Artifact,
  type BlockWriter,
  type Call,
  type ChangeState,
  type DiskId,
  type Fence,
  type PointDraft,
  type PointWriter,
  type RecoveryPoint,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import type { FoundPoint } from '../read/point-catalog.ts';
import { type PointRecord, type RecordArtifact, toRecoveryPoint } from '../records/point-record.ts';
import type { PutOptions } from '../store/object-store.ts';
import type { Base } from './check-draft.ts';
import type { ChunkSink } from './chunk-sink.ts';
import { commitManifest } from './commit-manifest.ts';
import type { Deadline } from './deadline.ts';
import type { DiskWriter } from './disk-writer.ts';
import { finishDisks } from './finish-disks.ts';
import { lockObjects } from './lock-objects.ts';
import { refuseDamaged } from './refuse-damaged.ts';
import { storeArtifact } from './store-artifact.ts';

/** What a point writer works with. */
export type PointInHand = {
  readonly draft: PointDraft;
  readonly fence: Fence;
  /** The manifest of an earlier attempt. */
  readonly committed: FoundPoint | undefined;
  /** Of the key of its manifest. */
  readonly number: number;
  readonly bases: ReadonlyMap<DiskId, Base>;
  readonly sink: ChunkSink;
  readonly disks: ReadonlyMap<DiskId, DiskWriter>;
  /** An index object or a manifest sent later could name packs that are deleted. */
  readonly deadline: Deadline;
  /** Keys of the damage records that were there when it was begun. */
  readonly knownDamage: ReadonlySet<string>;
  /** How the objects of the point are locked. */
  readonly lock: PutOptions;
};

/** Writes one point; see the order of writes in the format. */
export class ObjectPointWriter implements PointWriter {
  readonly #context: RepositoryContext;
  readonly #point: PointInHand;
  readonly #artifacts = new Map<string, RecordArtifact>();
  #record: PointRecord | undefined;
  #committed: RecoveryPoint | undefined;
  #closed: Promise<void> | undefined;

  constructor(context: RepositoryContext, point: PointInHand) {
    this.#context = context;
    this.#point = point;
  }

  get disks(): ReadonlyMap<DiskId, BlockWriter> {
    return this.#point.disks;
  }

  async artifact(artifact: Artifact, call?: Call): Promise<void> {
    this.#enter('write-artifact', call);
    this.#artifacts.set(artifact.name, await storeArtifact(this.#context, this.#point.sink, artifact, call));
  }

  async commit(states: readonly ChangeState[], call?: Call): Promise<RecoveryPoint> {
    this.#enter('commit-point', call);
    this.#committed ??= toRecoveryPoint((await this.#commit(states, call)).record);
    return this.#committed;
  }

  async #commit(states: readonly ChangeState[], call?: Call): Promise<FoundPoint> {
    const { committed, fence, sink } = this.#point;
    if (committed !== undefined) return this.#done(committed);
    await fence.check();
    this.#record ??= await finishDisks(
      this.#context,
      this.#point,
      [...this.#artifacts.values()],
      states,
      call,
    );
    throwIfAborted(call?.signal, 'commit-point');
    await refuseDamaged(this.#context, this.#point, call);
    await sink.publish(this.#point.draft.id, call);
    await lockObjects(this.#context, this.#point, this.#record, call);
    return this.#done(await commitManifest(this.#context, this.#point, this.#record, call));
  }

  async #done(point: FoundPoint): Promise<FoundPoint> {
    await this.#context.head?.keep(point);
    for (const { progress } of this.#point.disks.values()) await progress.remove();
    return point;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    for (const disk of this.#point.disks.values()) await disk[Symbol.asyncDispose]();
    await this.#point.sink[Symbol.asyncDispose]();
  }

  #enter(operation: string, call: Call | undefined): void {
    if (this.#closed !== undefined)
      throw new SendenseError('NOT_OPEN', 'the point writer is closed', { operation });
    this.#context.enter(operation, call);
  }
}

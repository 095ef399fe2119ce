import { basename } from 'node:path';
import type { Call, DiskId, Fence, PointDraft, PointWriter, RecoveryPoint } from '@sendense/core';
import { SendenseError, throwIfAborted } from '@sendense/core';
import type { MachinePaths } from '../layout/machine-paths.ts';
import { formatStamp } from '../layout/stamp.ts';
import { sweepMachine } from '../maintain/sweep-machine.ts';
import { pointRecord } from '../records/point-record.ts';
import { checkFields } from '../records/sealed-json.ts';
import { type Hold, placeHold } from '../store/holds.ts';
import type { LocalStore } from '../store/local-store.ts';
import { toRecoveryPoint } from '../store/recovery-point.ts';
import { type StagedArtifact, stageArtifact } from './artifact-files.ts';
import { type Base, checkDraft } from './check-draft.ts';
import { commitPoint, emptyRecord } from './commit-point.ts';
import { knownNumbers } from './disk-numbers.ts';
import { openDiskWriter, type PartialDisk } from './open-disk-writer.ts';

/** Starts a point; see `Repository.begin`. Nothing but a hold is outside the session's folder before the commit. */
export async function beginPoint(
  store: LocalStore,
  draft: PointDraft,
  fence: Fence,
  call?: Call,
): Promise<PointWriter> {
  formatStamp(draft.at);
  checkFields(pointRecord, emptyRecord(draft));
  const paths = store.paths(draft.machine);
  const { hold, bases } = await store.withLock(paths, call, async () => {
    await knownNumbers(store, paths);
    const context = await checkDraft(store, paths, draft);
    return { hold: await holdBases(store, paths, fence, [...context.bases.values()]), bases: context.bases };
  });
  const disks = new Map<DiskId, PartialDisk>();
  const writer = new LocalPointWriter(store, paths, draft, fence, hold, disks);
  try {
    for (const { id, sizeBytes } of draft.disks) {
      throwIfAborted(call?.signal, 'begin-point');
      const base = bases.get(id);
      const backing = base === undefined ? null : basename(base.disk.file);
      disks.set(id, await openDiskWriter(store, { sizeBytes, backing }));
    }
    return writer;
  } catch (error) {
    await writer[Symbol.asyncDispose]();
    throw error;
  }
}

function holdBases(
  store: LocalStore,
  paths: MachinePaths,
  fence: Fence,
  bases: readonly Base[],
): Promise<Hold> {
  return placeHold(store, paths, {
    kind: 'writer',
    holder: fence.holder.slice(0, 1024),
    points: [...new Set(bases.map(({ record }) => record.id))],
    files: [...new Set(bases.map(({ disk }) => disk.file))],
  });
}

class LocalPointWriter implements PointWriter {
  readonly #store: LocalStore;
  readonly #paths: MachinePaths;
  readonly #draft: PointDraft;
  readonly #fence: Fence;
  readonly #hold: Hold;
  readonly #partials: ReadonlyMap<DiskId, PartialDisk>;
  readonly #artifacts = new Map<string, StagedArtifact>();
  readonly #placed: string[] = [];
  #committed: RecoveryPoint | undefined;
  #failed = false;
  #closed: Promise<void> | undefined;

  constructor(
    store: LocalStore,
    paths: MachinePaths,
    draft: PointDraft,
    fence: Fence,
    hold: Hold,
    partials: ReadonlyMap<DiskId, PartialDisk>,
  ) {
    this.#store = store;
    this.#paths = paths;
    this.#draft = draft;
    this.#fence = fence;
    this.#hold = hold;
    this.#partials = partials;
  }

  get disks(): PointWriter['disks'] {
    return new Map([...this.#partials].map(([id, { writer }]) => [id, writer]));
  }

  async artifact(...[artifact, call]: Parameters<PointWriter['artifact']>): Promise<void> {
    this.#checkOpen('write-artifact');
    throwIfAborted(call?.signal, 'write-artifact');
    this.#artifacts.set(artifact.name, await stageArtifact(this.#store, artifact, call));
  }

  async commit(...[states, call]: Parameters<PointWriter['commit']>): Promise<RecoveryPoint> {
    this.#checkOpen('commit-point');
    if (this.#committed !== undefined) return this.#committed;
    throwIfAborted(call?.signal, 'commit-point');
    await this.#store.session.check();
    // Once begun it is not done again by this writer: files have left the session's folder.
    this.#failed = true;
    for (const { writer } of this.#partials.values()) await writer.flush(call);
    const [draft, fence, disks, placed] = [this.#draft, this.#fence, this.#partials, this.#placed];
    const artifacts = this.#artifacts.values();
    const record = await this.#store.withLock(this.#paths, call, () =>
      commitPoint(this.#store, this.#paths, { draft, fence, disks, artifacts, states, placed }),
    );
    this.#failed = false;
    this.#committed = toRecoveryPoint(record, this.#paths);
    return this.#committed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#partials.values()].map(({ writer }) => writer[Symbol.asyncDispose]()));
    try {
      await this.#removeTraces();
    } catch {
      this.#store.session.leaveUnfinished();
    }
    await this.#hold[Symbol.asyncDispose]();
  }

  async #removeTraces(): Promise<void> {
    const { fileSystem } = this.#store;
    const staged = [...this.#artifacts.values()].map((artifact) => artifact.staged);
    const partial = [...this.#partials.values()].flatMap(({ imagePath, digestsPath }) => [
      imagePath,
      digestsPath,
    ]);
    for (const path of [...staged, ...partial]) {
      if ((await fileSystem.stat(path)) !== undefined) await fileSystem.unlink(path);
    }
    if (this.#placed.length === 0 || this.#committed !== undefined) return;
    // Not by name: a commit that failed late may have happened, and since then others may have got these names.
    await sweepMachine(this.#store, this.#paths);
  }

  #checkOpen(operation: string): void {
    if (this.#closed === undefined && !this.#failed) return;
    const why = this.#closed === undefined ? 'has failed; begin the point again' : 'was closed';
    throw new SendenseError('NOT_OPEN', `the point writer ${why}`, { operation });
  }
}

import {
  type BlockReader,
  type BlockWriter,
  type Call,
  type DiskId,
  type Finding,
  type RestoreResult,
  type RestoreRun,
  type RestoreWriter,
  type RollbackReport,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import type { RestoreScope } from './disk-writer.ts';
import type { RestoreDisk } from './restore-disk.ts';

/** Writes one restore: unfinished files that get their names together at the commit. */
export class ImageRestoreWriter implements RestoreWriter {
  readonly disks: ReadonlyMap<DiskId, BlockWriter>;
  readonly #scope: RestoreScope;
  readonly #run: RestoreRun;
  readonly #restoreDisks: readonly RestoreDisk[];
  readonly #closed: (writer: RestoreWriter) => void;
  #disposing: Promise<void> | undefined;

  constructor(
    scope: RestoreScope,
    run: RestoreRun,
    restoreDisks: readonly RestoreDisk[],
    closed: (writer: RestoreWriter) => void,
  ) {
    this.#scope = scope;
    this.#run = run;
    this.#restoreDisks = restoreDisks;
    this.#closed = closed;
    // of a restore that is rolled back no disk is open
    this.disks = new Map(run.undo ? [] : restoreDisks.map(({ planned, writer }) => [planned.id, writer]));
  }

  async readBack(id: DiskId): Promise<BlockReader> {
    const disk = this.#restoreDisks.find(({ planned }) => planned.id === id);
    if (disk !== undefined) return await disk.readBack();
    throw new SendenseError('NOT_FOUND', `disk ${id} is not part of this restore`, {
      operation: 'read-back',
    });
  }

  async commit(call?: Call): Promise<RestoreResult> {
    const { memory } = this.#scope;
    if (memory.phase !== 'committed') {
      for (const disk of this.#restoreDisks) await disk.finish();
      throwIfAborted(call?.signal, 'commit-restore');
      await this.#run.fence.check();
      await memory.change({ phase: 'committing' });
      for (const disk of this.#restoreDisks) await disk.publish();
      await memory.change({ phase: 'committed' });
    }
    const disks = this.#restoreDisks.map(({ planned, location }) => {
      return { id: planned.id, location, sizeBytes: planned.targetSizeBytes };
    });
    return { disks, findings: [] };
  }

  async rollback(): Promise<RollbackReport> {
    const { context, destination, memory } = this.#scope;
    const removed: string[] = [];
    const findings: Finding[] = [];
    for (const disk of this.#restoreDisks) {
      removed.push(...(await disk.withdraw()));
      if (await disk.isPublished()) findings.push(staysThere(disk.location));
      removed.push(...(await disk.remove()));
    }
    const isEmpty = async () => (await context.fileSystem.list(destination.folder)).length === 0;
    if (
      memory.folderMade &&
      (await context.fileSystem.stat(destination.folder)) !== undefined &&
      (await isEmpty())
    ) {
      await context.fileSystem.removeDirectory(destination.folder);
      removed.push(destination.folder);
    }
    return { removed, findings, undone: findings.length === 0 };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposing ??= this.#close();
    return this.#disposing;
  }

  async #close(): Promise<void> {
    this.#closed(this);
    for (const disk of this.#restoreDisks) await disk.close();
  }
}

function staysThere(location: string): Finding {
  const message = `${location} has its final name already and stays`;
  return { severity: 'warning', code: 'restored-file-stays', message, object: location };
}

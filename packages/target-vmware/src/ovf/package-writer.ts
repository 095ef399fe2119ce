import {
  type BlockReader,
  type BlockWriter,
  type Call,
  type DiskId,
  type Finding,
  type RestoreResult,
  type RestoreWriter,
  type RollbackReport,
  SendenseError,
  throwIfAborted,
} from '@sendense/core';
import { openVmdk } from '@sendense/formats/vmdk';
import { memberFileSystem } from './member-file.ts';
import type { PackageScope } from './package-context.ts';
import { PackageDisk, WritingTurn } from './package-disk.ts';
import type { PackageLayout } from './package-layout.ts';
import { partialPackage, replacedPackage } from './package-place.ts';

/** Writes one package: its disks, then what describes them, then its name. */
export class PackageWriter implements RestoreWriter {
  readonly disks: ReadonlyMap<DiskId, BlockWriter>;
  readonly #scope: PackageScope;
  readonly #layout: PackageLayout;
  readonly #packageDisks: readonly PackageDisk[];
  readonly #closed: (writer: RestoreWriter) => void;
  #disposing: Promise<void> | undefined;

  constructor(scope: PackageScope, layout: PackageLayout, closed: (writer: RestoreWriter) => void) {
    this.#scope = scope;
    this.#layout = layout;
    this.#closed = closed;
    const turn = new WritingTurn(scope.place.kind === 'folder');
    this.#packageDisks = scope.plan.disks.map((planned) => new PackageDisk(scope, layout, planned, turn));
    this.disks = new Map(this.#packageDisks.map((disk) => [disk.planned.id, disk]));
  }

  /** A reader of the VMDK where it lies in the package. */
  async readBack(id: DiskId): Promise<BlockReader> {
    const { plan, place, memory, context } = this.#scope;
    const planned = plan.disks.find((disk) => disk.id === id);
    const whole = memory.disk(id);
    if (planned === undefined || whole === undefined) {
      throw new SendenseError('NOT_FOUND', `disk ${id} is not part of this restore, or not whole yet`, {
        operation: 'read-back',
      });
    }
    const root = (await this.#isPublished()) ? place.path : partialPackage(place, plan.id);
    const path = this.#layout.file(planned, root);
    return await openVmdk(path, { fileSystem: memberFileSystem(context.fileSystem, path, whole) });
  }

  async commit(call?: Call): Promise<RestoreResult> {
    const { plan, place, memory, run, context } = this.#scope;
    const findings: Finding[] = [];
    if (memory.phase !== 'committed') {
      for (const { isWhole, planned } of this.#packageDisks) if (!isWhole) throw notWhole(planned.number);
      throwIfAborted(call?.signal, 'commit-restore');
      await run.fence.check();
      if (!(await this.#isPublished())) {
        await this.#layout.finish();
        const identity = (await context.fileSystem.stat(partialPackage(place, plan.id)))?.identity ?? null;
        throwIfAborted(call?.signal, 'commit-restore');
        await run.fence.check();
        await memory.enter('committing', { identity });
      }
      findings.push(...(await this.#layout.publish(await this.#isPublished())));
      await memory.enter('committed');
    }
    const disks = plan.disks.map(({ id, location, targetSizeBytes }) => {
      return { id, location, sizeBytes: targetSizeBytes };
    });
    return { disks, findings };
  }

  async rollback(): Promise<RollbackReport> {
    const { place, plan, context } = this.#scope;
    for (const disk of this.#packageDisks) await disk[Symbol.asyncDispose]();
    const isPublished = await this.#isPublished();
    const left = await this.#layout.remove();
    if (!isPublished) return left;
    const replaced = replacedPackage(place, plan.id);
    const isAside = (await context.fileSystem.stat(replaced)) !== undefined;
    const stays = staysThere(place.path, isAside ? replaced : undefined);
    return { removed: left.removed, findings: [stays, ...left.findings], undone: false };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposing ??= this.#close();
    return this.#disposing;
  }

  /** Whether the package has its name already, from this or an earlier attempt. */
  async #isPublished(): Promise<boolean> {
    const { memory, place, context } = this.#scope;
    if (memory.identity === null) return false;
    return (await context.fileSystem.stat(place.path))?.identity === memory.identity;
  }

  async #close(): Promise<void> {
    this.#closed(this);
    for (const disk of this.#packageDisks) await disk[Symbol.asyncDispose]();
  }
}

function staysThere(location: string, replaced: string | undefined): Finding {
  const old = replaced === undefined ? '' : `, and what it replaced is still there as ${replaced}`;
  const message = `${location} has its final name already and stays${old}`;
  return { severity: 'warning', code: 'restored-file-stays', message, object: location };
}

function notWhole(number: number): SendenseError {
  return new SendenseError('CONFLICT', `disk-${number} was not written to its end`, {
    operation: 'commit-restore',
    remedy: 'resume the restore with its copy: a disk that was cut off is written again',
  });
}

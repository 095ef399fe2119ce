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
import { StagedDisk } from '../stage/staged-disk.ts';
import { makeMachine, restoredDisks } from './make-machine.ts';
import { movedDisks, strayDisks } from './moved-disks.ts';
import { findRestored } from './own-machines.ts';
import { openStaged } from './read-staged.ts';
import { removeCarrier, removeMachine } from './remove-machine.ts';
import { asideName, completeStays, onlyOne, putBack, removeReplaced } from './replaced-machine.ts';
import type { RestoreScope } from './restore-scope.ts';
import { serverId } from './server-id.ts';

/** Writes one restore: the disks one by one, then the machine. */
export class VmwareRestoreWriter implements RestoreWriter {
  readonly disks: ReadonlyMap<DiskId, BlockWriter>;
  readonly readBack?: NonNullable<RestoreWriter['readBack']>;
  readonly #scope: RestoreScope;
  readonly #staged: readonly StagedDisk[];
  readonly #closed: (writer: RestoreWriter) => void;
  #disposing: Promise<void> | undefined;

  constructor(scope: RestoreScope, closed: (writer: RestoreWriter) => void) {
    this.#scope = scope;
    this.#closed = closed;
    this.#staged = scope.plan.disks.map((planned) => new StagedDisk(scope, planned));
    this.disks = new Map(this.#staged.map((disk) => [disk.planned.id, disk]));
    // a datastore of objects has no file to read
    if (scope.details.hasFiles) this.readBack = (id, call) => this.#readBack(id, call);
  }

  async commit(call?: Call): Promise<RestoreResult> {
    throwIfAborted(call?.signal, 'commit-restore');
    for (const { isWhole, planned } of this.#staged) if (!isWhole) throw notWhole(planned.number);
    const made = await makeMachine(this.#scope, call);
    const { object, instanceUuid } = made.machine;
    const machine = { connection: serverId(this.#scope.client), id: instanceUuid ?? object.id };
    const findings = [...made.findings, ...(await removeReplaced(this.#scope))];
    return { machine, disks: restoredDisks(this.#scope), findings };
  }

  async rollback(call?: Call): Promise<RollbackReport> {
    const { memory, plan, client, details } = this.#scope;
    const { datacenter } = details;
    for (const disk of this.#staged) await disk[Symbol.asyncDispose]();
    if (memory.phase === 'committed') {
      const finding = completeStays(plan.id, await asideName(this.#scope, call));
      return { removed: [], findings: [finding], undone: false };
    }
    const removed: string[] = [];
    const machine = await findRestored(this.#scope, call);
    const { isThere, findings: told } = await putBack(this.#scope, machine, call);
    const stray = machine === undefined ? await strayDisks(this.#scope, call) : [];
    const findings: Finding[] = [...told, ...stray];
    const isOnlyOne = machine !== undefined && !isThere && memory.hasReached('name');
    if (isOnlyOne) findings.push(onlyOne(machine));
    else if (machine !== undefined) {
      const disks = await movedDisks(this.#scope, machine, call);
      await removeMachine(client, { datacenter, plan: plan.id, disks }, machine, call);
      // the name of one that was to replace another is that one's again
      removed.push(memory.replaced === null ? machine.name : plan.id);
    }
    for (const disk of plan.disks) {
      const name = await removeCarrier(this.#scope, disk, call);
      if (name !== undefined) removed.push(name);
    }
    return { removed, findings, undone: !isOnlyOne };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposing ??= this.#close();
    return this.#disposing;
  }

  async #readBack(id: DiskId, call?: Call): Promise<BlockReader> {
    const planned = this.#scope.plan.disks.find((disk) => disk.id === id);
    const { file } = this.#scope.memory.disk(id);
    if (planned !== undefined && file !== null)
      return openStaged(this.#scope, file, planned.targetSizeBytes, call);
    throw new SendenseError('NOT_FOUND', `disk ${id} is not part of this restore, or not whole yet`, {
      operation: 'read-back',
    });
  }

  async #close(): Promise<void> {
    this.#closed(this);
    for (const disk of this.#staged) await disk[Symbol.asyncDispose]();
  }
}

function notWhole(number: number): SendenseError {
  return new SendenseError('CONFLICT', `disk-${number} was not written to its end`, {
    operation: 'commit-restore',
    remedy: 'resume the restore with its copy: a disk that was cut off is sent again',
  });
}

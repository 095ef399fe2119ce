import {
  type BlockReader,
  type BlockWriter,
  type Call,
  type DiskId,
  type Finding,
  type PlannedDisk,
  type RestoredDisk,
  type RestoreResult,
  type RestoreWriter,
  type RollbackReport,
  SendenseError,
  type TargetConnector,
  throwIfAborted,
} from '@sendense/core';
import { LIBVIRT_PLATFORM } from '@sendense/platform-kvm/domain';
import { makeMachine, type RestoreScope } from './make-machine.ts';
import { unmakeMachine } from './unmake-machine.ts';

/** A disk that is being written, by a target of its own. */
export type OpenDisk = {
  readonly planned: PlannedDisk;
  readonly writer: RestoreWriter;
  readonly target: TargetConnector;
};

/** Writes one restore: the disks as target-image does, then the machine. */
export class QemuRestoreWriter implements RestoreWriter {
  readonly disks: ReadonlyMap<DiskId, BlockWriter>;
  readonly #scope: RestoreScope;
  readonly #openDisks: readonly OpenDisk[];
  readonly #closed: (writer: RestoreWriter) => void;
  #disposing: Promise<void> | undefined;

  constructor(scope: RestoreScope, openDisks: readonly OpenDisk[], closed: (writer: RestoreWriter) => void) {
    this.#scope = scope;
    this.#openDisks = openDisks;
    this.#closed = closed;
    this.disks = new Map(openDisks.flatMap(({ writer }) => [...writer.disks]));
  }

  async readBack(id: DiskId, call?: Call): Promise<BlockReader> {
    const disk = this.#openDisks.find(({ planned }) => planned.id === id);
    const reader = await disk?.writer.readBack?.(id, call);
    if (reader !== undefined) return reader;
    throw new SendenseError('NOT_FOUND', `disk ${id} is not part of this restore`, {
      operation: 'read-back',
    });
  }

  async commit(call?: Call): Promise<RestoreResult> {
    const { memory, run } = this.#scope;
    throwIfAborted(call?.signal, 'commit-restore');
    if (memory.phase !== 'committed') await run.fence.check();
    const disks = await makeMachine(this.#scope, () => this.#commitDisks(), call);
    return { disks, findings: [], ...this.#machine() };
  }

  async rollback(call?: Call): Promise<RollbackReport> {
    const { memory, plan } = this.#scope;
    if (memory.phase === 'committed') {
      const message = `the restore ${plan.id} is complete: its machine and disks stay`;
      const stays: Finding = { severity: 'warning', code: 'restored-machine-stays', message };
      return { removed: [], findings: [stays], undone: false };
    }
    const machine = await unmakeMachine(this.#scope, call);
    const removed = [...machine.removed];
    const findings = [...machine.findings];
    let undone = true;
    for (const { writer } of this.#openDisks) {
      const report = await writer.rollback(call);
      removed.push(...report.removed);
      findings.push(...report.findings);
      undone &&= report.undone;
    }
    return { removed, findings, undone };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposing ??= this.#close();
    return this.#disposing;
  }

  async #commitDisks(): Promise<readonly RestoredDisk[]> {
    const disks: RestoredDisk[] = [];
    for (const { writer } of this.#openDisks) disks.push(...(await writer.commit()).disks);
    return disks;
  }

  #machine(): Pick<RestoreResult, 'machine'> {
    const { details } = this.#scope;
    const uuid = details.domain?.uuid ?? details.existing?.uuid;
    // Only a restore that made a machine names one.
    if (uuid === undefined || details.domain === null) return {};
    return { machine: { connection: LIBVIRT_PLATFORM, id: uuid } };
  }

  async #close(): Promise<void> {
    this.#closed(this);
    for (const { writer, target } of this.#openDisks) {
      await writer[Symbol.asyncDispose]();
      await target[Symbol.asyncDispose]();
    }
  }
}

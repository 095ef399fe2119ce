import {
  type BlockLimits,
  type BlockWriter,
  type ByteRange,
  type Call,
  type PlannedDisk,
  SendenseError,
} from '@sendense/core';
import { knownOf } from '../restore/known-machine.ts';
import { removeCarrier } from '../restore/remove-machine.ts';
import type { RestoreScope } from '../restore/restore-scope.ts';
import { openDatastoreStage } from './datastore-stage.ts';
import { openLeaseStage } from './lease-stage.ts';
import type { Stage } from './stage.ts';

/** Grains of 64 KiB, forwards. */
export const STAGE_LIMITS: BlockLimits = {
  alignmentBytes: 64 * 1024,
  maxBytes: 8 * 1024 * 1024,
  maxInFlight: 1,
  order: 'ascending',
};

/**
 * Writes a disk in one go. It is whole, and stays so when the process dies, once its last byte was written or zeroed; before that
 * nothing of it stays, and a flush only says that nothing has failed so far. The first write to a disk that was whole starts it over.
 */
export class StagedDisk implements BlockWriter {
  readonly sizeBytes: number;
  readonly limits = STAGE_LIMITS;
  readonly rewritable = false;
  /** It would be zeros; but who leaves zeros out does not say where the disk ends. */
  readonly untouched = 'unknown';
  readonly planned: PlannedDisk;
  readonly #scope: RestoreScope;
  #stage: Stage | undefined;
  #state: 'open' | 'failed' | 'closed' = 'open';

  constructor(scope: RestoreScope, planned: PlannedDisk) {
    this.#scope = scope;
    this.planned = planned;
    this.sizeBytes = planned.targetSizeBytes;
  }

  /** Whether nothing is missing. */
  get isWhole(): boolean {
    const { state } = this.#scope.memory.disk(this.planned.id);
    return state !== 'none' && state !== 'sending';
  }

  write(offset: number, data: Uint8Array, call?: Call): Promise<void> {
    return this.#change(offset + data.byteLength, call, (stage) => stage.write(offset, data, call));
  }

  zero(offset: number, length: number, call?: Call): Promise<void> {
    return this.#change(offset + length, call, async () => undefined);
  }

  async flush(): Promise<void> {
    this.#check('flush-disk');
  }

  async *durable(): AsyncGenerator<ByteRange> {
    if (this.isWhole) yield { offset: 0, length: this.sizeBytes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    await this.#stage?.abandon();
    this.#stage = undefined;
  }

  async #change(end: number, call: Call | undefined, change: (stage: Stage) => Promise<void>): Promise<void> {
    this.#check('write-disk');
    try {
      const stage = this.#stage ?? (await this.#open(call));
      await change(stage);
      if (end >= this.planned.sizeBytes) await this.#finish(stage, call);
    } catch (error) {
      if (this.#state === 'open') this.#state = 'failed';
      throw error;
    }
  }

  async #open(call: Call | undefined): Promise<Stage> {
    const { client, memory, details, run } = this.#scope;
    await run.fence.check();
    const { id } = this.planned;
    const { carrier: earlier } = memory.disk(id);
    await memory.changeDisk(id, { state: 'sending', file: null, carrier: earlier });
    await removeCarrier(this.#scope, this.planned, call);
    if (earlier !== null) await memory.changeDisk(id, { state: 'sending', file: null, carrier: null });
    const open = details.via === 'lease' ? openLeaseStage : openDatastoreStage;
    const stage = await open(this.#scope, this.planned, call);
    this.#stage = stage;
    const carrier = await knownOf(client, stage.carrier, call);
    await memory.changeDisk(id, { state: 'sending', file: null, carrier });
    return stage;
  }

  async #finish(stage: Stage, call: Call | undefined): Promise<void> {
    const file = await stage.finish(call);
    this.#stage = undefined;
    const { memory } = this.#scope;
    const { carrier } = memory.disk(this.planned.id);
    await memory.changeDisk(this.planned.id, { state: 'whole', file, carrier });
  }

  #check(operation: string): void {
    if (this.#state === 'open') return;
    const why = this.#state === 'closed' ? 'was closed' : 'failed before and can only be disposed';
    throw new SendenseError('NOT_OPEN', `the writer of disk-${this.planned.number} ${why}`, { operation });
  }
}

import { SendenseError } from '@sendense/core';
import type { CompressedRun } from '../chain/run.ts';
import type { CheckLog } from './check-result.ts';
import { type CompressedFile, readCompressed } from './read-compressed.ts';

/**
 * The compressed cluster that lies last in a file that ends inside its last sector. Writers need not fill that sector up, so
 * only decompressing tells whether the cluster is whole; those in front of it are then whole, too.
 */
export class CompressedTail {
  #last: CompressedRun | undefined;

  /** Takes note of a cluster in whose last sector the file ends. */
  note(run: CompressedRun): void {
    if (this.#last === undefined || run.hostOffset > this.#last.hostOffset) this.#last = run;
  }

  /** Reports the cluster when it is damaged, and when this Node cannot tell. */
  async check(file: CompressedFile, log: CheckLog): Promise<void> {
    if (this.#last === undefined) return;
    try {
      await readCompressed(file, this.#last);
    } catch (error) {
      if (SendenseError.is(error, 'CORRUPT')) log.error('data-damaged', error.message);
      else if (SendenseError.is(error, 'FORMAT_UNSUPPORTED')) log.warning('data-unchecked', error.message);
      else throw error;
    }
  }
}

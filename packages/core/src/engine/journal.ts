import type { Call } from '../values/call.ts';
import type { Json } from '../values/json.ts';
import type { Fence } from './fence.ts';

/** A value of the journal and the revision that the next write must name. */
export type JournalEntry = { readonly value: Json; readonly revision: number };

/** The engine's durable memory: states, restore states, steps. */
export interface Journal {
  /** Requires: nothing. Receives: a key that is not empty. Must: give the last durable value; `undefined` when there is none. */
  read(key: string, call?: Call): Promise<JournalEntry | undefined>;

  /**
   * Writes `value` (or removes the key when it is `undefined`) if its revision is `expected`; resolves with the new
   * revision.
   *
   * Requires: nothing.
   * Receives: a key that is not empty; an expected revision ≥ 0 or `absent`.
   * Must: be durable when it resolves; reject with `CONFLICT` when the revision is another one, with
   * `FENCED` when the lease is lost.
   */
  write(
    key: string,
    value: Json | undefined,
    expected: number | 'absent',
    fence: Fence,
    call?: Call,
  ): Promise<number>;

  /** Requires: nothing. Must: yield the keys that start with `prefix`, ascending, each once. */
  list(prefix: string, call?: Call): AsyncIterable<string>;
}

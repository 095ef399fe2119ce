import type { Call } from '../values/call.ts';
import type { Extent } from '../values/extent.ts';
import type { InstantId } from '../values/identifiers.ts';
import type { FullReason } from './full-reason.ts';

/** The whole disk is to be copied: the engine takes `reader.extents()`. */
export type FullChanges = { readonly kind: 'full'; readonly reason: FullReason; readonly detail: string };

/** Only `extents()` differ from the instant `since`; an unlisted range is unchanged. */
export type IncrementalChanges = {
  readonly kind: 'incremental';
  readonly since: InstantId;
  /**
   * Must: be ascending and apart; list every byte that differs from `since`, and everything beyond the size it had then;
   * call `zero` only what is proven. It may reach past the end of the disk: the copy clips it.
   */
  extents(call?: Call): AsyncIterable<Extent>;
};

/** Incremental is an answer of the source, never an assumption of the engine. */
export type Changes = FullChanges | IncrementalChanges;

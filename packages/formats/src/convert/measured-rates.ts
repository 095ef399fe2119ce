import type { Duration } from '@sendense/core';
import type { TargetPlan } from './target-plan.ts';

/** Bytes a second where nothing was measured yet: a plain disk, and one thread of zlib. */
const ASSUMED = { plain: 200e6, compressed: 40e6 } as const;

/** Subformats whose data is compressed on the way. */
const COMPRESSED: ReadonlySet<string | undefined> = new Set(['compressed', 'streamOptimized']);

/** Conversions shorter than this tell of starting, not of moving bytes. */
const LEAST_BYTES = 1024 * 1024;

type Measured = { readonly bytes: number; readonly milliseconds: number };

/** How fast the conversions of one converter were, by what they made. The last counts as much as all before it. */
export class MeasuredRates {
  readonly #measured = new Map<string, Measured>();

  /** Notes a finished conversion. */
  note(plan: TargetPlan, bytes: number, milliseconds: number): void {
    if (bytes < LEAST_BYTES) return;
    const before = this.#measured.get(kindOf(plan));
    const share = before === undefined ? 0 : bytes / before.bytes;
    this.#measured.set(kindOf(plan), {
      bytes,
      milliseconds: before === undefined ? milliseconds : (milliseconds + before.milliseconds * share) / 2,
    });
  }

  /** How long `bytes` take. */
  estimate(plan: TargetPlan, bytes: number): Duration {
    const measured = this.#measured.get(kindOf(plan));
    if (measured !== undefined)
      return { milliseconds: Math.ceil((bytes / measured.bytes) * measured.milliseconds), basis: 'measured' };
    const rate = COMPRESSED.has(plan.subformat) ? ASSUMED.compressed : ASSUMED.plain;
    return { milliseconds: Math.ceil((bytes / rate) * 1000), basis: 'assumed' };
  }
}

function kindOf({ format, subformat }: TargetPlan): string {
  return `${format}/${subformat ?? ''}`;
}

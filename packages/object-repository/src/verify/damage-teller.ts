import type { Call, Finding } from '@sendense/core';
import { packKey } from '../layout/object-keys.ts';
import type { DamageNotes } from '../maintain/damaged-packs.ts';
import type { VerifyProgress } from './verify-progress.ts';

/** Tells what the maps of points show to be hurt, once it is noted: who is told may stop there. */
export class DamageTeller {
  readonly #packs: ReadonlySet<string>;
  readonly #notes: DamageNotes;
  readonly #progress: VerifyProgress;
  readonly #told = new Set<string>();

  /** `packs` grow by those that are found hurt. */
  constructor(packs: ReadonlySet<string>, notes: DamageNotes, progress: VerifyProgress) {
    this.#packs = packs;
    this.#notes = notes;
    this.#progress = progress;
  }

  /** Whether there are packs to tell of: also a damaged copy beside a whole one hurts its pack, and no point. */
  get isBehind(): boolean {
    return this.#told.size < this.#packs.size;
  }

  /** Tells a finding, and the packs that were found hurt since the last time. */
  async *tell(finding: Finding | undefined, call?: Call): AsyncGenerator<Finding> {
    yield* await this.#notes.settle(call);
    const packs = [...this.#packs].filter((pack) => !this.#told.has(pack));
    for (const found of [...(finding === undefined ? [] : [finding]), ...packs.map(hurtPack)]) {
      this.#progress.noteError();
      yield found;
    }
    for (const pack of packs) this.#told.add(pack);
  }
}

function hurtPack(pack: string): Finding {
  const object = packKey(pack);
  const message = `a chunk in ${object} cannot be read; a full backup stores it again`;
  return { severity: 'error', code: 'pack-damaged', message, object };
}

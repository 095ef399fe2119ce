import { type DirectoryState, shortDigest } from './verify-cursor.ts';

/** Which directories of packs were read. */
export class DirectoryProgress {
  /** Whether any are to be read. */
  readonly #areWanted: boolean;
  readonly #checked: Set<string>;
  readonly #begun: Map<string, number>;
  /** Index objects that are there now. */
  readonly #there = new Set<string>();
  #wasDone: boolean;
  #isDone: boolean;

  constructor(state: DirectoryState | null) {
    this.#areWanted = state !== null;
    this.#checked = new Set(state?.checked);
    this.#begun = new Map(Object.entries(state?.begun ?? {}));
    this.#wasDone = state?.wasDone ?? true;
    this.#isDone = state === null;
  }

  /** Whether no directory of those that this run found is left. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** Whether none was left once, in this run or in an earlier one: what is left now came later. */
  get wasDone(): boolean {
    return this.#wasDone;
  }

  /** How many of the packs of an index object had their directories read. */
  read(object: string): number {
    const digest = shortDigest(object);
    if (!this.#areWanted || this.#checked.has(digest)) return Number.POSITIVE_INFINITY;
    return this.#begun.get(digest) ?? 0;
  }

  /** The directories of the first so many packs of an index object were read. */
  note(object: string, packs: number): void {
    this.#begun.set(shortDigest(object), packs);
  }

  /** Those of all packs of an index object were. */
  noteObject(object: string): void {
    const digest = shortDigest(object);
    this.#begun.delete(digest);
    this.#checked.add(digest);
    this.#there.add(digest);
  }

  /** All of them were; what is no index object any more needs no room in cursors. */
  noteAll(): void {
    this.#begun.clear();
    for (const digest of this.#checked) if (!this.#there.has(digest)) this.#checked.delete(digest);
    this.#wasDone = true;
    this.#isDone = true;
  }

  /** What a cursor keeps of it. */
  get state(): DirectoryState | null {
    if (!this.#areWanted) return null;
    return {
      checked: this.#checked,
      begun: Object.fromEntries(this.#begun),
      wasDone: this.#wasDone,
    };
  }
}

import { ENTRY_BYTES, type EntrySet, parseEntrySet, TYPE } from './entry-set.ts';

/** A part of a folder: its first byte there, and on the volume. */
export type FolderWindow = { readonly start: number; readonly at: number; readonly bytes: Uint8Array };

/** What was met: a file or folder with the byte of the volume where its set begins and that of the folder where it ends, or a damaged set. */
export type SetItem =
  | { readonly kind: 'set'; readonly set: EntrySet; readonly at: number; readonly end: number }
  | { readonly kind: 'damaged' };

/** A set of which entries are still to come. */
type OpenSet = { readonly at: number; readonly parts: Uint8Array[]; readonly wanted: number };

/** Those of the root that stand alone. */
const SINGLE: ReadonlySet<number> = new Set([TYPE.bitmap, TYPE.upCase, TYPE.label]);
const LEAST_SECONDARY = 2;
const OF_SECONDARY = TYPE.inUse | TYPE.secondary;

/** Puts the entries of a folder, one after the other, into sets. A set that is damaged is given as such, once, and the next one found. */
export class SetParser {
  /** The mark was met behind which there is nothing: no entry behind it is to be taken. */
  isAtEnd = false;
  #open: OpenSet | undefined;
  /** Entries that belong to one before, which was passed over. */
  #isPassing = false;

  /** The next entry. */
  *take(window: FolderWindow, offset: number): Generator<SetItem, void, undefined> {
    const type = window.bytes[offset] ?? 0;
    if ((type & OF_SECONDARY) === OF_SECONDARY) {
      yield* this.#secondary(window, offset);
      return;
    }
    yield* this.finish();
    this.#isPassing = false;
    if (type === TYPE.end) this.isAtEnd = true;
    else if (type === TYPE.file) yield* this.#begin(window, offset);
    else if ((type & TYPE.inUse) !== 0 && !SINGLE.has(type)) {
      this.#isPassing = true;
      if ((type & TYPE.benign) === 0) yield { kind: 'damaged' };
    }
  }

  /** The folder ends: so has every set. */
  *finish(): Generator<SetItem, void, undefined> {
    if (this.#open !== undefined) yield { kind: 'damaged' };
    this.#open = undefined;
  }

  *#begin(window: FolderWindow, offset: number): Generator<SetItem, void, undefined> {
    const secondary = window.bytes[offset + 1] ?? 0;
    const first = window.bytes.subarray(offset, offset + ENTRY_BYTES);
    if (secondary < LEAST_SECONDARY) {
      this.#isPassing = true;
      yield { kind: 'damaged' };
    } else this.#open = { at: window.at + offset, parts: [first], wanted: 1 + secondary };
  }

  *#secondary(window: FolderWindow, offset: number): Generator<SetItem, void, undefined> {
    if (this.#open === undefined) {
      if (!this.#isPassing) yield { kind: 'damaged' };
      this.#isPassing = true;
      return;
    }
    const { at, parts, wanted } = this.#open;
    parts.push(window.bytes.subarray(offset, offset + ENTRY_BYTES));
    if (parts.length < wanted) return;
    this.#open = undefined;
    const set = parseEntrySet(Buffer.concat(parts));
    if (set !== undefined) {
      yield { kind: 'set', set, at, end: window.start + offset + ENTRY_BYTES };
      return;
    }
    this.#isPassing = true;
    yield { kind: 'damaged' };
  }
}

import { createHash, randomBytes } from 'node:crypto';

const FIRST_SLOTS = 16;
const WORDS_PER_SLOT = 2;
/** More slots are made once so many of them are taken. */
const MOST_TAKEN = 0.75;
/** Nobody can make names that are taken for others, as what has such a name would be left out. */
const SECRET = randomBytes(16);

/** The 64 bits that stand for a name; both halves are never 0. */
type Digest = { readonly high: number; readonly low: number };

/**
 * Names that were met, each kept as 64 bits of a digest: 11 to 22 bytes, however long it is. Of ten million names two are taken for
 * one with a probability of three in a million.
 */
export class NameSet {
  /** A digest each, at the slot that its low bits name or at the next free one; zeros are free. */
  #slots = new Uint32Array(FIRST_SLOTS * WORDS_PER_SLOT);
  #size = 0;

  /** How many names there are. */
  get size(): number {
    return this.#size;
  }

  /** Whether a name was taken in. */
  has(name: string): boolean {
    return !isFree(this.#slots, placeOf(this.#slots, digestOf(name)));
  }

  /** Takes in a name; whether it is new. */
  add(name: string): boolean {
    const digest = digestOf(name);
    const at = placeOf(this.#slots, digest);
    if (!isFree(this.#slots, at)) return false;
    put(this.#slots, at, digest);
    this.#size += 1;
    if (this.#size * WORDS_PER_SLOT > this.#slots.length * MOST_TAKEN) this.#grow();
    return true;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    for (let at = 0; at < old.length; at += WORDS_PER_SLOT) {
      if (isFree(old, at)) continue;
      const digest = { high: old[at] ?? 0, low: old[at + 1] ?? 0 };
      put(this.#slots, placeOf(this.#slots, digest), digest);
    }
  }
}

/** Of the units of a name, not of its UTF-8: names that are bytes of no text would have that in common. */
function digestOf(name: string): Digest {
  const bytes = createHash('sha256').update(SECRET).update(name, 'utf16le').digest();
  const [high, low] = [bytes.readUInt32LE(0), bytes.readUInt32LE(4)];
  return high === 0 && low === 0 ? { high: 1, low: 0 } : { high, low };
}

/** Where a digest is, or is to be. */
function placeOf(slots: Uint32Array, { high, low }: Digest): number {
  const count = slots.length / WORDS_PER_SLOT;
  for (let slot = low % count; ; slot = (slot + 1) % count) {
    const at = slot * WORDS_PER_SLOT;
    if (isFree(slots, at) || (slots[at] === high && slots[at + 1] === low)) return at;
  }
}

function isFree(slots: Uint32Array, at: number): boolean {
  return slots[at] === 0 && slots[at + 1] === 0;
}

function put(slots: Uint32Array, at: number, { high, low }: Digest): void {
  slots[at] = high;
  slots[at + 1] = low;
}

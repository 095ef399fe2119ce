import { ID_BYTES } from '../packs/pack-directory.ts';
import { PACK_ID_BYTES, RECORD_BYTES } from './table-page.ts';

const FIRST_SLOTS = 256;
/** Beyond it looking for a free slot takes long. */
const MOST_FULL = 0.7;
/** A slot is the id of a pack, its number, and whether it is taken. */
const NUMBER_AT = PACK_ID_BYTES;
const TAKEN_AT = PACK_ID_BYTES + 4;
const SLOT_BYTES = PACK_ID_BYTES + 8;
const MOST_NUMBER = 2 ** 32 - 1;

/** Ids of packs with a number each, in slots that their ids tell, so that a pack that comes again is known without a string for it. */
export class WaitingPacks {
  #slots = Buffer.alloc(FIRST_SLOTS * SLOT_BYTES);
  #count = 0;

  /** How many. */
  get count(): number {
    return this.#count;
  }

  /** Adds the pack whose id begins at `at`; of one that is there already the number changes. */
  add(bytes: Buffer, at: number, value: number): void {
    const number = this.#taken(bytes, at) + NUMBER_AT; // before the slots are looked at: they may grow
    this.#slots.writeUInt32LE(value, number);
  }

  /** Adds the pack whose id begins at `at`, with the number 0, unless it is there already; then as much as `more` to its number. */
  addTo(bytes: Buffer, at: number, more: number): void {
    const number = this.#taken(bytes, at) + NUMBER_AT;
    this.#slots.writeUInt32LE(Math.min(MOST_NUMBER, this.#slots.readUInt32LE(number) + more), number);
  }

  /** The number of the pack whose id begins at `at`; `undefined` when it is not there. */
  get(bytes: Buffer, at: number): number | undefined {
    const slot = this.#slotOf(bytes, at);
    return this.#isTaken(slot) ? this.#slots.readUInt32LE(slot + NUMBER_AT) : undefined;
  }

  /** Tells where each of them begins, and its number. */
  each(visit: (bytes: Buffer, at: number, value: number) => void): void {
    for (let slot = 0; slot < this.#slots.byteLength; slot += SLOT_BYTES)
      if (this.#isTaken(slot)) visit(this.#slots, slot, this.#slots.readUInt32LE(slot + NUMBER_AT));
  }

  /** Takes them out as records of a table back to back: the id of the pack where that of a chunk is, and as its pack, the number as length. */
  take(): Buffer {
    const records = Buffer.alloc(this.#count * RECORD_BYTES);
    let record = 0;
    this.each((bytes, at, value) => {
      bytes.copy(records, record, at, at + PACK_ID_BYTES);
      bytes.copy(records, record + ID_BYTES, at, at + PACK_ID_BYTES);
      records.writeUInt32LE(value, record + RECORD_BYTES - 4);
      record += RECORD_BYTES;
    });
    this.#slots.fill(0);
    this.#count = 0;
    return records;
  }

  /** Where the slot of a pack begins, which it takes now if it has none. */
  #taken(bytes: Buffer, at: number): number {
    if (this.#count * SLOT_BYTES >= this.#slots.byteLength * MOST_FULL) this.#grow();
    const slot = this.#slotOf(bytes, at);
    if (this.#isTaken(slot)) return slot;
    bytes.copy(this.#slots, slot, at, at + PACK_ID_BYTES);
    this.#slots.writeUInt32LE(0, slot + NUMBER_AT);
    this.#slots.writeUInt32LE(1, slot + TAKEN_AT);
    this.#count += 1;
    return slot;
  }

  #isTaken(slot: number): boolean {
    return this.#slots.readUInt32LE(slot + TAKEN_AT) !== 0;
  }

  /** Where the slot of a pack begins: its own, or the free one that it would take. */
  #slotOf(bytes: Buffer, at: number): number {
    const mask = this.#slots.byteLength / SLOT_BYTES - 1; // there are a power of two
    let slot = bytes.readInt32LE(at + PACK_ID_BYTES - 4) & mask; // they may come in the order of their first bytes
    while (this.#isTaken(slot * SLOT_BYTES) && !this.#holds(slot * SLOT_BYTES, bytes, at))
      slot = (slot + 1) & mask;
    return slot * SLOT_BYTES;
  }

  #holds(slot: number, bytes: Buffer, at: number): boolean {
    for (let done = 0; done < PACK_ID_BYTES; done += 4)
      if (this.#slots.readInt32LE(slot + done) !== bytes.readInt32LE(at + done)) return false;
    return true;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = Buffer.alloc(2 * old.byteLength);
    this.#count = 0;
    for (let slot = 0; slot < old.byteLength; slot += SLOT_BYTES)
      if (old.readUInt32LE(slot + TAKEN_AT) !== 0) this.add(old, slot, old.readUInt32LE(slot + NUMBER_AT));
  }
}

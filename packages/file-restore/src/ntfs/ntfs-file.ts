import type { Call } from '@sendense/core';
import { damaged } from '../bytes/damage.ts';
import { Fields } from '../bytes/fields.ts';
import { ATTRIBUTE, type Attribute, type MappedAttribute } from './attribute.ts';
import { type ListedAttribute, MOST_LIST_BYTES, parseAttributeList } from './attribute-list.ts';
import { type AttributePart, type AttributeStream, type Clusters, readValue } from './attribute-stream.ts';
import { type FileReference, nodeOf } from './file-reference.ts';
import type { MftRecord } from './mft-record.ts';

/** Records of one file that are kept at once: those that lists of Windows go back to, and some megabytes where damage fills them. */
const MOST_KEPT = 64;

/** Reads a record of the master file table; rejects with `CORRUPT` for one that was taken for another file since. */
export type ReadRecord = (place: FileReference, call: Call | undefined) => Promise<MftRecord>;

/** A file or folder with all its attributes: those that its record has no room for lie in others, which a list names. */
export class NtfsFile {
  readonly record: MftRecord;
  readonly #listed: readonly ListedAttribute[] | undefined;
  readonly #readRecord: ReadRecord;
  /** Other records of this file, by their references: a list may name each for every attribute that it has. */
  readonly #holders = new Map<number, MftRecord>();

  private constructor(
    record: MftRecord,
    listed: readonly ListedAttribute[] | undefined,
    readRecord: ReadRecord,
  ) {
    this.record = record;
    this.#listed = listed;
    this.#readRecord = readRecord;
  }

  /** The file of a record. Rejects with `CORRUPT` for one that belongs to another file, and for a damaged list. */
  static async open(
    volume: Clusters,
    record: MftRecord,
    readRecord: ReadRecord,
    call?: Call,
  ): Promise<NtfsFile> {
    if (record.base !== undefined)
      throw damaged(`MFT record ${record.record} is a part of another file`, { record: record.record });
    const head = record.attributes.find(({ type }) => type === ATTRIBUTE.list);
    if (head === undefined) return new NtfsFile(record, undefined, readRecord);
    const stream: AttributeStream = head.isMapped ? { head, rest: [] } : { head };
    const list = await readValue(volume, stream, MOST_LIST_BYTES, call);
    return new NtfsFile(record, parseAttributeList(new Fields(list)), readRecord);
  }

  /** The attribute with this type and name; `undefined` where the file has none. */
  async find(type: number, name: string, call?: Call): Promise<AttributeStream | undefined> {
    const parts = this.#parts(type).filter((part) => part.name === name);
    const [first, ...rest] = parts;
    if (first === undefined) return undefined;
    const head = await first.load(call);
    const isSound = head.isMapped
      ? head.firstCluster === 0 && head.sizeBytes <= head.reservedBytes && areSafe(head)
      : rest.length === 0;
    if (!isSound) throw this.#wrong('has an attribute that does not begin, or comes twice');
    return head.isMapped ? { head, rest } : { head };
  }

  /** All attributes of a type that lie in their records, whatever their names. */
  async all(type: number, call?: Call): Promise<Attribute[]> {
    const found: Attribute[] = [];
    for (const part of this.#parts(type)) found.push(await part.load(call));
    return found;
  }

  #parts(type: number): readonly (AttributePart & { readonly name: string })[] {
    if (this.#listed === undefined)
      return this.record.attributes
        .filter((attribute) => attribute.type === type)
        .map((attribute) => ({
          name: attribute.name,
          firstCluster: attribute.isMapped ? attribute.firstCluster : 0,
          load: () => Promise.resolve(attribute),
        }));
    return this.#listed
      .filter((entry) => entry.type === type)
      .map((entry) => ({
        name: entry.name,
        firstCluster: entry.firstCluster,
        load: (call) => this.#load(entry, call),
      }));
  }

  async #load({ place, type, name, instance }: ListedAttribute, call: Call | undefined): Promise<Attribute> {
    const holder = place.record === this.record.record ? this.record : await this.#holder(place, call);
    const found = holder.attributes.find(
      (attribute) => attribute.type === type && attribute.instance === instance && attribute.name === name,
    );
    if (found === undefined) throw this.#wrong('lacks an attribute that its list names');
    return found;
  }

  /** Another record of this file. */
  async #holder(place: FileReference, call: Call | undefined): Promise<MftRecord> {
    const known = this.#holders.get(nodeOf(place));
    if (known !== undefined) return known;
    const { record, sequence } = this.record;
    const holder = await this.#readRecord(place, call);
    if (holder.base?.record !== record || holder.base.sequence !== sequence)
      throw this.#wrong(`names MFT record ${place.record}, which belongs to another`);
    if (this.#holders.size >= MOST_KEPT) this.#holders.clear();
    this.#holders.set(nodeOf(place), holder);
    return holder;
  }

  #wrong(how: string): Error {
    const { record } = this.record;
    return damaged(`the file of MFT record ${record} ${how}`, { record });
  }
}

function areSafe({ reservedBytes, allocatedBytes }: MappedAttribute): boolean {
  return Math.max(reservedBytes, allocatedBytes) <= Number.MAX_SAFE_INTEGER;
}

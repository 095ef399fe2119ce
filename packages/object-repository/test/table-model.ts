import assert from 'node:assert/strict';
import { seededInteger } from '@sendense/testkit';
import type { ChunkTable } from '../src/index/chunk-table.ts';
import { RECORD_BYTES, serializeRecord } from '../src/index/table-page.ts';
import type { CreateTableStorage } from '../src/index/table-storage.ts';

const ID_DIGITS = 64;
const KEY_DIGITS = 96;
const POISON = 0xaa;

/** Storage in memory that answers late now and then, and spoils what is read into before: who still looks there sees no record. */
export function lateStorage(random: () => number): CreateTableStorage {
  const later = async () => {
    if (random() < 0.02) await new Promise((resolve) => setImmediate(resolve));
  };
  return async (sizeBytes) => {
    const bytes = new Uint8Array(sizeBytes);
    const check = (end: number) => assert.ok(end <= sizeBytes, 'past the end of the storage');
    return {
      async read(into, position) {
        check(position + into.byteLength);
        into.fill(POISON);
        await later();
        into.set(bytes.subarray(position, position + into.byteLength));
      },
      async write(data, position) {
        check(position + data.byteLength);
        await later();
        bytes.set(data, position);
      },
      async [Symbol.asyncDispose]() {},
    };
  };
}

/** What a chunk table should hold: of each id its records in hex, one for each pack, the first that was added. */
export class TableModel {
  readonly #records = new Map<string, Map<string, string>>();
  #count = 0;

  /** How many records. */
  get count(): number {
    return this.#count;
  }

  /** All ids. */
  get ids(): readonly Buffer[] {
    return [...this.#records.keys()].map((id) => Buffer.from(id, 'hex'));
  }

  /** Adds a record, unless one of its id and pack is there. */
  add(record: Buffer): void {
    const hex = record.toString('hex');
    const [id, key] = [hex.slice(0, ID_DIGITS), hex.slice(0, KEY_DIGITS)];
    const records = this.#records.get(id) ?? new Map<string, string>();
    if (records.has(key)) return;
    this.#records.set(id, records.set(key, hex));
    this.#count += 1;
  }

  /** The records of an id, in the order of their bytes. */
  of(id: Buffer): readonly string[] {
    return [...(this.#records.get(id.toString('hex'))?.values() ?? [])].toSorted();
  }
}

/** Fails unless a sweep tells each record of the model once, at a place of its own. Gives the places. */
export async function expectRecords(
  table: ChunkTable,
  model: TableModel,
): Promise<ReadonlyMap<string, number>> {
  const places = new Map<string, number>();
  await table.eachRecord(
    (bytes, at, place) => {
      const record = bytes.toString('hex', at, at + RECORD_BYTES);
      assert.ok(!places.has(record), 'a record is told twice');
      assert.ok(place < table.places, 'a place is none of the table');
      places.set(record, place);
    },
    async () => undefined,
  );
  assert.equal(new Set(places.values()).size, places.size, 'two records have one place');
  const expected = model.ids.flatMap((id) => model.of(id));
  assert.deepEqual([...places.keys()].toSorted(), expected.toSorted());
  assert.equal(table.count, model.count);
  return places;
}

/** Fails unless each of some ids is told once with the copies of the model, each at the place where a sweep found it. */
export async function expectCopies(
  table: ChunkTable,
  model: TableModel,
  ids: readonly Buffer[],
  places: ReadonlyMap<string, number>,
): Promise<void> {
  const told = new Set<number>();
  await table.visitCopies(Buffer.concat(ids), (index, copies) => {
    const id = ids[index] ?? assert.fail('an id that was not asked for');
    assert.ok(!told.has(index), 'an id is told twice');
    told.add(index);
    const found: string[] = [];
    for (let copy = 0; copy < copies.count; copy += 1) {
      const record = serializeRecord(id, copies.at(copy)).toString('hex');
      assert.equal(copies.place(copy), places.get(record), 'the place of a copy');
      found.push(record);
    }
    assert.deepEqual(found.toSorted(), model.of(id));
  });
  assert.equal(told.size, ids.length, 'ids that are told');
}

/** Fails unless each of some ids is found by itself, as `expectCopies` has it. All are looked for at once. */
export async function expectEach(
  table: ChunkTable,
  model: TableModel,
  ids: readonly Buffer[],
  places: ReadonlyMap<string, number>,
): Promise<void> {
  await Promise.all(
    ids.map(async (id) => {
      const copies = await table.copiesOf(id);
      const found = copies.map(({ at, place }) => ({
        record: serializeRecord(id, at).toString('hex'),
        place,
      }));
      assert.deepEqual(found.map(({ record }) => record).toSorted(), model.of(id));
      for (const { record, place } of found) assert.equal(place, places.get(record), 'the place of a copy');
      assert.deepEqual(await table.find(id), copies[0]?.at);
    }),
  );
}

/** In an order that `random` decides. */
export function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = seededInteger(random, last + 1);
    const [a, b] = [order[last], order[other]];
    if (a !== undefined && b !== undefined) [order[last], order[other]] = [b, a];
  }
  return order;
}

import { seededInteger, seededRandom } from '@sendense/testkit';
import { describe, it } from 'vitest';
import { ChunkTable } from '../src/index/chunk-table.ts';
import { serializeRecord } from '../src/index/table-page.ts';
import { expectCopies, expectEach, expectRecords, lateStorage, shuffled, TableModel } from './table-model.ts';

const SEEDS = Array.from({ length: 32 }, (_, index) => index + 1);
/** Pages of a table: a few, and about as many as a pass reads at once. */
const PAGES = [600, 1, 257, 16, 256, 2, 255, 3];
/** Records are crowded into pages at the ends of a table, and where a pass reads on. */
const HOT_PAGES = [255, 0, 256, 254, 257, 599];
const BATCHES = [1, 10, 500, 3000];
const PACKS = 5;

type Sample = {
  readonly random: () => number;
  readonly pages: number;
  readonly hot: readonly number[];
  readonly packs: readonly string[];
};

function sampleOf(seed: number): Sample {
  const random = seededRandom(seed);
  const pages = PAGES[seed % PAGES.length] ?? 1;
  const hot = Array.from({ length: 1 + seededInteger(random, 3) }, () => oneOf(HOT_PAGES, random) % pages);
  const packs = Array.from({ length: PACKS }, () => bytesOf(16, random).toString('hex'));
  return { random, pages, hot, packs };
}

function oneOf(numbers: readonly number[], random: () => number): number {
  return numbers[seededInteger(random, numbers.length)] ?? 0;
}

function bytesOf(length: number, random: () => number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, () => seededInteger(random, 256)));
}

/** An id that is new: half of them of a hot page, a few the lowest and the highest, a few of which only the end is their own. */
function newId({ random, pages, hot }: Sample, ids: readonly Buffer[]): Buffer {
  const id = bytesOf(32, random);
  const kind = random();
  if (kind < 0.5) id.writeUInt32BE(Math.floor(((oneOf(hot, random) + random()) / pages) * 2 ** 32));
  else if (kind < 0.55) id.writeUInt32BE(kind < 0.525 ? 0 : 2 ** 32 - 1);
  else if (kind < 0.6) ids[seededInteger(random, ids.length)]?.copy(id, 0, 0, 28);
  return id;
}

/** Records of new ids and of some that are there, most of one pack: many come again, in one batch too. */
function newRecords(sample: Sample, ids: Buffer[]): readonly Buffer[] {
  const { random, packs } = sample;
  return Array.from({ length: oneOf(BATCHES, random) }, () => {
    const known = random() < 0.3 ? ids[seededInteger(random, ids.length)] : undefined;
    const id = known ?? newId(sample, ids);
    if (known === undefined) ids.push(id);
    const pack = packs[random() < 0.8 ? 0 : seededInteger(random, PACKS)] ?? '';
    const [offset, length] = [seededInteger(random, 2 ** 32), seededInteger(random, 2 ** 32)];
    return serializeRecord(id, { pack, offset, length });
  });
}

/** Adds random records to a table and its model, in some batches. */
async function fill(table: ChunkTable, model: TableModel, sample: Sample): Promise<void> {
  const ids: Buffer[] = [];
  const { random } = sample;
  for (let left = 2 + seededInteger(random, 4); left > 0; left -= 1) {
    const records = newRecords(sample, ids);
    for (const record of records) model.add(record);
    if (random() < 0.2) await table.reserve(records.length);
    await table.add(Buffer.concat(records));
  }
}

describe('a chunk table of random records in crowded pages', () => {
  it.each(SEEDS)('holds what a map would hold (seed %i)', async (seed) => {
    const sample = sampleOf(seed);
    const { random, pages } = sample;
    await using table = await ChunkTable.open(lateStorage(random), pages);
    const model = new TableModel();
    await fill(table, model, sample);
    const places = await expectRecords(table, model);
    const { ids } = model;
    const strange = Array.from({ length: 50 }, () => newId(sample, ids));
    const few = ids.filter(() => random() < 0.01);
    const twice = ids.slice(0, 20);
    await expectCopies(table, model, shuffled([...ids, ...twice, ...strange], random), places);
    await expectCopies(table, model, shuffled(few, random), places);
    await expectEach(table, model, [...few, ...strange], places);
  });
});

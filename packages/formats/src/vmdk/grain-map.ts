import type { Run } from '../chain/run.ts';
import { TABLE_PAGE_BYTES, type TablePages } from '../chain/table-pages.ts';
import type { FilePart } from '../check/file-parts.ts';
import { mostStoredBytes } from './compressed-grain.ts';
import { corrupt } from './format-error.ts';
import { ABSENT, type GrainEntries, INVALID, ZERO } from './grain-entries.ts';

/** Shape of the tables of a sparse extent. In bytes. */
export type GrainGeometry = {
  /** Size of the extent. */
  readonly sizeBytes: number;
  readonly grainBytes: number;
  readonly entriesPerTable: number;
  /** Where the grain directory lies. */
  readonly directoryOffset: number;
};

/** What a {@link GrainMap} works with. */
export type GrainMapOptions = {
  readonly geometry: GrainGeometry;
  readonly entries: GrainEntries;
  readonly tables: TablePages;
  readonly compressed: boolean;
};

/** The mapping of one sparse extent: finds runs, reading the directory and the tables as they are needed. */
export class GrainMap {
  readonly #options: GrainMapOptions;
  /** Bytes of the disk that one grain table describes. */
  readonly #coverage: number;
  readonly #directoryEntries: number;

  constructor(options: GrainMapOptions) {
    const { geometry } = options;
    this.#options = options;
    this.#coverage = coverageOf(geometry);
    this.#directoryEntries = directoryEntriesOf(geometry);
  }

  /** See `Layer.runAt`. */
  runAt(offset: number, end: number): Run | Promise<Run> {
    const { geometry, entries } = this.#options;
    const index = Math.floor(offset / this.#coverage);
    const position = geometry.directoryOffset + index * entries.entryBytes;
    const page = this.#page(position, 'the grain directory');
    if (page instanceof Promise) return page.then((view) => this.#inDirectory(view, position, offset, end));
    return this.#inDirectory(page, position, offset, end);
  }

  /** The parts of the file that are in use; grains only where they are stored as they are, as others tell where they belong. */
  async *parts(): AsyncGenerator<FilePart> {
    const { geometry, entries, compressed } = this.#options;
    const { entryBytes } = entries;
    yield {
      offset: geometry.directoryOffset,
      length: this.#directoryEntries * entryBytes,
      use: 'own',
      what: () => 'the grain directory',
    };
    for (let index = 0; index < this.#directoryEntries; index += 1) {
      const position = geometry.directoryOffset + index * entryBytes;
      const length = neededBytes(geometry, entryBytes, index);
      const table = entries.table(
        await this.#page(position, 'the grain directory'),
        position % TABLE_PAGE_BYTES,
        length,
      );
      if (table <= 0) continue;
      yield { offset: table, length, use: 'own', what: () => `grain table ${index}` };
      if (!compressed) yield* this.#grains(index);
    }
  }

  /** The grains of a table; those that follow each other are one part. */
  async *#grains(index: number): AsyncGenerator<FilePart> {
    const end = Math.min((index + 1) * this.#coverage, this.#options.geometry.sizeBytes);
    for (let at = index * this.#coverage; at < end; ) {
      const run = await this.runAt(at, end);
      const { start } = run;
      at = run.end;
      if (run.kind === 'data')
        yield {
          offset: run.hostOffset,
          length: run.end - start,
          use: 'own',
          what: () => `the grain of the disk at ${start}`,
        };
    }
  }

  /** Aligned pages of the file: tables often lie together, and no entry crosses two, because tables begin at sectors. */
  #page(position: number, what: string): DataView | Promise<DataView> {
    return this.#options.tables.page(position - (position % TABLE_PAGE_BYTES), TABLE_PAGE_BYTES, what);
  }

  #inDirectory(view: DataView, position: number, offset: number, end: number): Run | Promise<Run> {
    const { geometry, entries } = this.#options;
    const index = Math.floor(offset / this.#coverage);
    const needed = neededBytes(geometry, entries.entryBytes, index);
    const table = entries.table(view, position % TABLE_PAGE_BYTES, needed);
    if (table === INVALID) throw corrupt(`grain table ${index} lies outside the file`);
    if (table === ABSENT) return this.#absent(view, position % TABLE_PAGE_BYTES, offset, end);
    const entry = Math.floor((offset - index * this.#coverage) / geometry.grainBytes);
    const at = table + entry * entries.entryBytes;
    const page = this.#page(at, 'a grain table');
    if (page instanceof Promise) return page.then((loaded) => this.#inTable(loaded, at, offset, end));
    return this.#inTable(page, at, offset, end);
  }

  /** Skips all empty entries of the page at once: terabytes of nothing cost a few comparisons. */
  #absent(view: DataView, from: number, offset: number, end: number): Run {
    const { geometry, entries } = this.#options;
    const most = Math.min(Math.ceil(end / this.#coverage), this.#directoryEntries);
    let index = Math.floor(offset / this.#coverage) + 1;
    let at = from + entries.entryBytes;
    while (index < most && at < TABLE_PAGE_BYTES && entries.table(view, at, 0) === ABSENT) {
      index += 1;
      at += entries.entryBytes;
    }
    return { kind: 'absent', start: offset, end: Math.min(index * this.#coverage, geometry.sizeBytes) };
  }

  /** Grains of one kind that follow each other, in this page and this table. */
  #inTable(view: DataView, position: number, offset: number, end: number): Run {
    const { geometry, entries, compressed } = this.#options;
    const { grainBytes, entriesPerTable, sizeBytes } = geometry;
    const grain = Math.floor(offset / grainBytes);
    const start = grain * grainBytes;
    const from = position % TABLE_PAGE_BYTES;
    const first = entries.grain(view, from);
    if (first === INVALID) throw corrupt(`the grain at ${start} lies outside the file`);
    if (compressed && first > 0) return this.#compressed(start, first);
    const most = Math.min(
      entriesPerTable - (grain % entriesPerTable),
      (TABLE_PAGE_BYTES - from) / entries.entryBytes,
      Math.ceil((end - start) / grainBytes),
    );
    const step = first > 0 ? grainBytes : 0;
    let count = 1;
    while (count < most && entries.grain(view, from + count * entries.entryBytes) === first + count * step)
      count += 1;
    const stop = Math.min(start + count * grainBytes, sizeBytes);
    if (first > 0) return { kind: 'data', start, end: stop, hostOffset: first };
    return { kind: first === ZERO ? 'zero' : 'absent', start, end: stop };
  }

  #compressed(start: number, hostOffset: number): Run {
    const { grainBytes, sizeBytes } = this.#options.geometry;
    const end = Math.min(start + grainBytes, sizeBytes);
    return { kind: 'compressed', start, end, hostOffset, hostLength: mostStoredBytes(grainBytes) };
  }
}

/** Bytes of the disk that one grain table describes. */
function coverageOf({ grainBytes, entriesPerTable }: GrainGeometry): number {
  return grainBytes * entriesPerTable;
}

/** Entries of the grain directory that are used. */
export function directoryEntriesOf(geometry: GrainGeometry): number {
  return Math.ceil(geometry.sizeBytes / coverageOf(geometry));
}

/** Bytes of grain table `index` that are used: the last one may be cut off behind the end of the disk. */
export function neededBytes(geometry: GrainGeometry, entryBytes: number, index: number): number {
  const rest = geometry.sizeBytes - index * coverageOf(geometry);
  return Math.min(geometry.entriesPerTable, Math.ceil(rest / geometry.grainBytes)) * entryBytes;
}

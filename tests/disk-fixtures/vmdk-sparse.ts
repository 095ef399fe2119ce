import { deflateSync } from 'node:zlib';
import type { DiskFixture } from './disk-fixture.ts';
import { composed, type LayerPlan, pieceOf } from './layer-plan.ts';
import { type FieldRow, StructureBytes } from './structure-bytes.ts';
import { writeDescriptor } from './vmdk-descriptor.ts';

const SECTOR = 512;
const FLAG_NEW_LINES = 1;
const FLAG_SECOND_DIRECTORY = 2;
const FLAG_ZERO_GRAINS = 4;
const FLAG_COMPRESSED = 0x1_0000;
const FLAG_MARKERS = 0x2_0000;
const DIRECTORY_AT_END = 0xffff_ffff_ffff_ffffn;
const MARKER = { endOfStream: 0, table: 1, directory: 2, footer: 3 };

/** Where a hosted sparse extent has its tables. */
type Layout = 'sparse' | 'stream-tables-first' | 'stream-footer';

/** How to write a hosted sparse VMDK ("Virtual Disk Format" of VMware, 1.1 and 5.0). */
export type SparseVmdkOptions = {
  /** Its pieces are the grains. */
  readonly plan: LayerPlan;
  /** `stream-tables-first` is how QEMU lays out streamOptimized, `stream-footer` how VMware does. */
  readonly layout: Layout;
  readonly entriesPerTable?: number;
};

/** A disk of one hosted sparse extent with its descriptor inside: monolithicSparse, or streamOptimized in either layout. */
export function sparseVmdk(options: SparseVmdkOptions): DiskFixture {
  const { plan, layout } = options;
  const image = 'disk.vmdk';
  const file = new StructureBytes(image, 'little');
  new SparseExtent(file, options).write();
  return {
    name: layout === 'sparse' ? 'monolithicSparse' : `streamOptimized, ${layout}`,
    format: 'vmdk',
    image,
    files: new Map([[image, file.bytes()]]),
    content: composed(plan),
    fields: file.fields,
    seals: file.seals,
  };
}

class SparseExtent {
  readonly #file: StructureBytes;
  readonly #plan: LayerPlan;
  readonly #layout: Layout;
  readonly #perTable: number;
  readonly #grains: number;
  readonly #tables: number;

  constructor(file: StructureBytes, { plan, layout, entriesPerTable = 512 }: SparseVmdkOptions) {
    this.#file = file;
    this.#plan = plan;
    this.#layout = layout;
    this.#perTable = entriesPerTable;
    this.#grains = Math.ceil(plan.sizeBytes / plan.pieceBytes);
    this.#tables = Math.ceil(this.#grains / entriesPerTable);
  }

  write(): void {
    const createType = this.#layout === 'sparse' ? 'monolithicSparse' : 'streamOptimized';
    const extents = [`RW ${this.#plan.sizeBytes / SECTOR} SPARSE "disk.vmdk"`];
    writeDescriptor(this.#file, SECTOR, { createType, extents, cid: '5e4da17a' });
    if (this.#layout === 'stream-footer') this.#writeStream();
    else this.#writeTablesFirst();
  }

  /** Header, descriptor, two directories with their tables, grains. */
  #writeTablesFirst(): void {
    const directorySectors = Math.ceil((this.#tables * 4) / SECTOR);
    const tableSectors = Math.ceil((this.#perTable * 4) / SECTOR);
    const second = 21;
    const first = second + directorySectors + this.#tables * tableSectors;
    const end = first + directorySectors + this.#tables * tableSectors;
    const overhead = Math.ceil(end / 128) * 128;
    this.#file.reach(overhead * SECTOR);
    const entries = Array.from({ length: this.#grains }, (_, grain) => this.#writeGrain(grain));
    for (const [name, directory] of [
      ['second', second],
      ['first', first],
    ] as const) {
      const at = (table: number) => directory + directorySectors + table * tableSectors;
      const tables = Array.from({ length: this.#tables }, (_, table) => at(table));
      this.#file.table(directory * SECTOR, `${name} directory`, 4, tables);
      for (const [table, sector] of tables.entries()) {
        const part = entries.slice(table * this.#perTable, (table + 1) * this.#perTable);
        this.#file.table(sector * SECTOR, `${name} table ${table}`, 4, part);
      }
    }
    this.#writeHeader(0, { second, first: BigInt(first), overhead });
    this.#file.align(SECTOR);
  }

  /** Header, descriptor, grains with each table behind its own, directory, footer, end of stream. */
  #writeStream(): void {
    const overhead = 128;
    this.#file.reach(overhead * SECTOR);
    this.#writeHeader(0, { second: 0, first: DIRECTORY_AT_END, overhead });
    const directory: number[] = [];
    for (let table = 0; table < this.#tables; table += 1) {
      const start = table * this.#perTable;
      const count = Math.min(this.#perTable, this.#grains - start);
      const entries = Array.from({ length: count }, (_, index) => this.#writeGrain(start + index));
      if (entries.every((entry) => entry === 0)) {
        directory.push(0);
        continue;
      }
      const full = [...entries, ...Array.from({ length: this.#perTable - count }, () => 0)];
      const at = this.#writeMarker('table', Math.ceil((this.#perTable * 4) / SECTOR));
      this.#file.table(at * SECTOR, `table ${table}`, 4, full);
      this.#file.align(SECTOR);
      directory.push(at);
    }
    const first = this.#writeMarker('directory', Math.ceil((this.#tables * 4) / SECTOR));
    this.#file.table(first * SECTOR, 'directory', 4, directory);
    this.#file.align(SECTOR);
    const footer = this.#writeMarker('footer', 1);
    this.#writeHeader(footer * SECTOR, { second: 0, first: BigInt(first), overhead });
    this.#writeMarker('endOfStream', 0);
  }

  #writeHeader(at: number, directories: { second: number; first: bigint; overhead: number }): void {
    const compressed = this.#layout !== 'sparse';
    const { second, first, overhead } = directories;
    const flags =
      FLAG_NEW_LINES |
      (second === 0 ? 0 : FLAG_SECOND_DIRECTORY) |
      (compressed ? FLAG_COMPRESSED | FLAG_MARKERS : FLAG_ZERO_GRAINS);
    const rows: FieldRow[] = [
      ['magic', 4, 'KDMV'],
      ['version', 4, compressed ? 3 : 2],
      ['flags', 4, flags],
      ['capacity', 8, this.#plan.sizeBytes / SECTOR],
      ['grain size', 8, this.#plan.pieceBytes / SECTOR],
      ['descriptor offset', 8, 1],
      ['descriptor size', 8, 20],
      ['entries of a table', 4, this.#perTable],
      ['second directory', 8, second],
      ['first directory', 8, first],
      ['overhead', 8, overhead],
      ['unclean', 1, 0],
      ['line ends', 4, '\n \r\n'],
      ['compression', 2, compressed ? 1 : 0],
    ];
    this.#file.rows(at, at === 0 ? 'header' : 'footer', rows);
    this.#file.reach(at + SECTOR);
  }

  /** Writes a grain, and gives its entry: the sector, 1 for zeros, 0 for nothing. */
  #writeGrain(grain: number): number {
    const kind = this.#plan.pieces.get(grain);
    if (kind !== 'own') return kind === 'zero' && this.#layout === 'sparse' ? 1 : 0;
    const at = this.#file.align(SECTOR);
    const bytes = pieceOf(this.#plan, grain);
    if (this.#layout === 'sparse') {
      this.#file.data(at, bytes);
      return at / SECTOR;
    }
    // VMware ends the last grain where the disk ends; QEMU fills it up.
    const rest = this.#plan.sizeBytes - grain * this.#plan.pieceBytes;
    const packed = deflateSync(this.#layout === 'stream-footer' ? bytes.subarray(0, rest) : bytes);
    const behind = this.#file.rows(at, `grain ${grain}`, [
      ['sector', 8, (grain * this.#plan.pieceBytes) / SECTOR],
      ['size', 4, packed.byteLength],
      ['zlib head', 2, packed.subarray(0, 2)],
    ]);
    this.#file.data(behind, packed.subarray(2));
    this.#file.align(SECTOR);
    return at / SECTOR;
  }

  /** Writes a marker, and gives the sector behind it. */
  #writeMarker(kind: keyof typeof MARKER, sectors: number): number {
    const at = this.#file.align(SECTOR);
    this.#file.rows(at, `marker of ${kind}`, [
      ['sectors', 8, sectors],
      ['size', 4, 0],
      ['type', 4, MARKER[kind]],
    ]);
    this.#file.reach(at + SECTOR);
    return at / SECTOR + 1;
  }
}

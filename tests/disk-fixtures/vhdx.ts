import { type DiskContent, seededBytes } from '@sendense/testkit';
import type { DiskFixture } from './disk-fixture.ts';
import { composed, type LayerPlan } from './layer-plan.ts';
import { StructureBytes } from './structure-bytes.ts';
import { MIB, VHDX, writeVhdxFrame } from './vhdx-frame.ts';

const NOT_PRESENT = 0n;
const PAYLOAD = { undefined: 1n, zero: 2n, unmapped: 3n, full: 6n, partial: 7n };
const BITMAP_PRESENT = 6n;

/** How to write a VHDX ([MS-VHDX], version 1.00 of the format). */
export type VhdxOptions = {
  /** Its pieces are logical sectors, of 512 or of 4096 bytes. */
  readonly plan: LayerPlan;
  readonly blockBytes?: number;
  /** The disk below: makes a differencing disk, and `parent.vhdx` beside it. */
  readonly parent?: LayerPlan;
};

/** A dynamic VHDX, or a differencing one on top of a dynamic parent, both without a log to replay. */
export function sparseVhdx({ plan, blockBytes = MIB, parent }: VhdxOptions): DiskFixture {
  const image = 'disk.vhdx';
  const parentId = seededBytes(91, 16);
  const file = new StructureBytes(image, 'little');
  const linked = parent !== undefined;
  writeVhdx(file, { plan, blockBytes, ...(linked && { parentId }) }, seededBytes(92, 16));
  const files = new Map([[image, file.bytes()]]);
  let below: DiskContent | undefined;
  if (parent !== undefined) {
    const base = new StructureBytes('parent.vhdx', 'little');
    writeVhdx(base, { plan: parent, blockBytes }, parentId);
    files.set(base.file, base.bytes());
    below = composed(parent);
  }
  return {
    name: linked ? 'differencing VHDX' : 'dynamic VHDX',
    format: 'vhdx',
    image,
    files,
    content: composed(plan, below),
    fields: file.fields,
    seals: file.seals,
  };
}

/** Writes a whole file: the frame, the blocks that the plan names, the block table. */
export function writeVhdx(file: StructureBytes, options: VhdxFileOptions, dataWriteId: Uint8Array): void {
  new VhdxFile(file, options).write(dataWriteId);
}

type VhdxFileOptions = {
  readonly plan: LayerPlan;
  readonly blockBytes: number;
  /** `DataWriteGuid` of the disk below. */
  readonly parentId?: Uint8Array;
};

class VhdxFile {
  readonly #file: StructureBytes;
  readonly #options: VhdxFileOptions;
  readonly #blocks: number;
  readonly #perChunk: number;

  constructor(file: StructureBytes, options: VhdxFileOptions) {
    this.#file = file;
    this.#options = options;
    this.#blocks = Math.ceil(options.plan.sizeBytes / options.blockBytes);
    this.#perChunk = (2 ** 23 * options.plan.pieceBytes) / options.blockBytes;
  }

  write(dataWriteId: Uint8Array): void {
    const { plan, blockBytes, parentId } = this.#options;
    const chunks = Math.ceil(this.#blocks / this.#perChunk);
    const differencing = parentId !== undefined;
    const entries = differencing ? chunks * (this.#perChunk + 1) : this.#blocks + chunks - 1;
    const tableBytes = Math.ceil((entries * 8) / MIB) * MIB;
    writeVhdxFrame(this.#file, {
      dataWriteId,
      tableBytes,
      blockBytes,
      sizeBytes: plan.sizeBytes,
      sectorBytes: plan.pieceBytes,
      ...(parentId && { parentId }),
    });
    this.#file.reach(VHDX.tableAt + tableBytes);
    const table = Array.from({ length: entries }, () => NOT_PRESENT);
    for (const block of this.#namedBlocks()) {
      table[block + Math.floor(block / this.#perChunk)] = this.#writeBlock(block);
    }
    if (differencing) this.#writeBitmaps(table, chunks);
    this.#file.table(VHDX.tableAt, 'block table', 8, table, NOT_PRESENT);
  }

  /** The blocks of which the plan says something. */
  #namedBlocks(): number[] {
    const { plan, blockBytes } = this.#options;
    const perBlock = blockBytes / plan.pieceBytes;
    const named = new Set([...plan.pieces.keys()].map((sector) => Math.floor(sector / perBlock)));
    return [...named].sort((one, other) => one - other);
  }

  /** Writes the bytes of a block where there are any, and gives its entry. */
  #writeBlock(block: number): bigint {
    const { plan, blockBytes, parentId } = this.#options;
    const perBlock = blockBytes / plan.pieceBytes;
    const sectors = Array.from({ length: perBlock }, (_, index) => block * perBlock + index);
    const inside = sectors.filter((sector) => sector * plan.pieceBytes < plan.sizeBytes);
    if (inside.every((sector) => plan.pieces.get(sector) === 'zero')) {
      // Without a parent all of these read as zeros. With one, only "zero" says so beyond doubt.
      return parentId === undefined
        ? ([PAYLOAD.zero, PAYLOAD.unmapped, PAYLOAD.undefined][block % 3] ?? 0n)
        : PAYLOAD.zero;
    }
    const at = this.#file.align(MIB);
    this.#file.reach(at + blockBytes);
    for (const sector of inside) {
      if (!plan.pieces.has(sector)) continue;
      const offset = sector * plan.pieceBytes;
      const length = Math.min(plan.pieceBytes, plan.sizeBytes - offset);
      this.#file.data(at + (offset % blockBytes), plan.content.bytes({ offset, length }));
    }
    const whole = parentId === undefined || inside.every((sector) => plan.pieces.has(sector));
    return (BigInt(at / MIB) << 20n) | (whole ? PAYLOAD.full : PAYLOAD.partial);
  }

  /** Writes the sector bitmap of each chunk that has partial blocks: one bit a sector, the lowest bit first. */
  #writeBitmaps(table: bigint[], chunks: number): void {
    const sectorsOfChunk = 2 ** 23;
    for (let chunk = 0; chunk < chunks; chunk += 1) {
      const first = chunk * (this.#perChunk + 1);
      const partial = table
        .slice(first, first + this.#perChunk)
        .some((entry) => (entry & 7n) === PAYLOAD.partial);
      if (!partial) continue;
      const bitmap = new Uint8Array(MIB);
      for (const sector of this.#options.plan.pieces.keys()) {
        const bit = sector - chunk * sectorsOfChunk;
        if (bit < 0 || bit >= sectorsOfChunk) continue;
        bitmap[bit >>> 3] = (bitmap[bit >>> 3] ?? 0) | (1 << (bit & 7));
      }
      const at = this.#file.align(MIB);
      this.#file.rows(at, `bitmap of chunk ${chunk}`, [['begin', 8, bitmap.subarray(0, 8)]]);
      this.#file.data(at, bitmap);
      table[first + this.#perChunk] = (BigInt(at / MIB) << 20n) | BITMAP_PRESENT;
    }
  }
}

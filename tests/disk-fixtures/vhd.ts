import { type DiskContent, seededBytes } from '@sendense/testkit';
import type { DiskFixture } from './disk-fixture.ts';
import { composed, type LayerPlan } from './layer-plan.ts';
import { type FieldRow, StructureBytes } from './structure-bytes.ts';
import { vhdGeometry } from './vhd-geometry.ts';

const SECTOR = 512;
const NONE = 0xffff_ffff_ffff_ffffn;
const UNUSED = 0xffff_ffff;
const TYPE = { fixed: 2, dynamic: 3, differencing: 4 };

/** How to write a VHD ("Virtual Hard Disk Image Format Specification" of Microsoft, 1.0). */
export type VhdOptions = {
  /** Its pieces are sectors of 512 bytes; those of other files than a differencing one are zeros where it says nothing. */
  readonly plan: LayerPlan;
  readonly blockBytes?: number;
  /** The disk below: makes a differencing disk, and `parent.vhd` beside it. */
  readonly parent?: LayerPlan;
};

/** A dynamic VHD, or a differencing one on top of a dynamic parent. */
export function sparseVhd({ plan, blockBytes = 2 ** 21, parent }: VhdOptions): DiskFixture {
  const image = 'disk.vhd';
  const below = parent === undefined ? undefined : { plan: parent, id: seededBytes(77, 16) };
  const file = new StructureBytes(image, 'big');
  writeSparse(file, { plan, blockBytes, id: seededBytes(78, 16), ...(below && { parentId: below.id }) });
  const files = new Map([[image, file.bytes()]]);
  if (below !== undefined) {
    const base = new StructureBytes('parent.vhd', 'big');
    writeSparse(base, { plan: below.plan, blockBytes, id: below.id });
    files.set(base.file, base.bytes());
  }
  return {
    name: below === undefined ? 'dynamic VHD' : 'differencing VHD',
    format: 'vhd',
    image,
    files,
    content: composed(plan, below && composed(below.plan)),
    fields: file.fields,
    seals: file.seals,
  };
}

/** A fixed VHD: the disk and one footer. */
export function fixedVhd(content: DiskContent): DiskFixture {
  const file = new StructureBytes('disk.vhd', 'big');
  file.data(0, content.bytes());
  const { sizeBytes } = content;
  writeFooter(file, sizeBytes, { type: 'fixed', sizeBytes, headerAt: NONE, id: seededBytes(78, 16) });
  const files = new Map([[file.file, file.bytes()]]);
  const { fields, seals } = file;
  return { name: 'fixed VHD', format: 'vhd', image: file.file, files, content, fields, seals };
}

type Sparse = {
  readonly plan: LayerPlan;
  readonly blockBytes: number;
  readonly id: Uint8Array;
  readonly parentId?: Uint8Array;
};

function writeSparse(file: StructureBytes, { plan, blockBytes, id, parentId }: Sparse): void {
  const { sizeBytes } = plan;
  const type = parentId === undefined ? 'dynamic' : 'differencing';
  const footer = { type, sizeBytes, headerAt: 512n, id } as const;
  writeFooter(file, 0, footer);
  const blocks = Math.ceil(sizeBytes / blockBytes);
  const tableAt = 1536;
  file.reach(tableAt + Math.ceil((blocks * 4) / SECTOR) * SECTOR);
  const locators = parentId === undefined ? [] : writeLocators(file);
  writeHeader(file, { tableAt, blocks, blockBytes, locators, ...(parentId && { parentId }) });
  const entries = Array.from({ length: blocks }, (_, block) => writeBlock(file, plan, block, blockBytes));
  file.table(tableAt, 'block table', 4, entries, UNUSED);
  writeFooter(file, file.align(SECTOR), footer);
}

/** Writes the sector bitmap and the sectors of a block, and gives its entry. */
function writeBlock(file: StructureBytes, plan: LayerPlan, block: number, blockBytes: number): number {
  const sectors = blockBytes / SECTOR;
  const first = block * sectors;
  const bitmap = new Uint8Array(Math.ceil(sectors / 8 / SECTOR) * SECTOR);
  const data = new Uint8Array(blockBytes);
  for (let sector = 0; sector < sectors; sector += 1) {
    if (!plan.pieces.has(first + sector)) continue;
    const byte = Math.floor(sector / 8);
    bitmap[byte] = (bitmap[byte] ?? 0) | (0x80 >>> (sector % 8));
    const offset = (first + sector) * SECTOR;
    data.set(plan.content.bytes({ offset, length: SECTOR }), sector * SECTOR);
  }
  if (bitmap.every((byte) => byte === 0)) return UNUSED;
  const at = file.align(SECTOR);
  file.rows(at, `bitmap of block ${block}`, [
    ['begin', 4, bitmap.subarray(0, 4)],
    ['middle', 4, bitmap.subarray(4, 8)],
  ]);
  file.data(at, bitmap);
  file.data(at + bitmap.byteLength, data);
  return at / SECTOR;
}

/** Writes the paths of the parent, and gives the rows of their entries. */
function writeLocators(file: StructureBytes): FieldRow[][] {
  // The space is counted in sectors by the specification and in bytes by Windows; readers cannot rely on it.
  return [['W2ru', '.\\parent.vhd', 1] as const, ['W2ku', 'C:\\disks\\parent.vhd', SECTOR] as const].map(
    ([code, path, space]) => {
      const at = file.align(SECTOR);
      const text = Buffer.from(path, 'utf16le');
      file.rows(at, `locator ${code}`, [['path', text.byteLength, text]]);
      file.reach(at + SECTOR);
      return [
        ['code', 4, code],
        ['space', 4, space],
        ['length', 4, text.byteLength],
        ['reserved', 4, 0],
        ['offset', 8, at],
      ];
    },
  );
}

type Header = {
  readonly tableAt: number;
  readonly blocks: number;
  readonly blockBytes: number;
  readonly locators: readonly (readonly FieldRow[])[];
  readonly parentId?: Uint8Array;
};

function writeHeader(file: StructureBytes, header: Header): void {
  const { tableAt, blocks, blockBytes, locators, parentId = new Uint8Array(16) } = header;
  const name = locators.length === 0 ? Buffer.alloc(0) : Buffer.from('parent.vhd', 'utf16le').swap16();
  const at = 512;
  const next = file.rows(at, 'header', [
    ['cookie', 8, 'cxsparse'],
    ['next offset', 8, NONE],
    ['table offset', 8, tableAt],
    ['version', 4, 0x1_0000],
    ['blocks', 4, blocks],
    ['block size', 4, blockBytes],
    ['checksum', 4, 0],
    ['parent id', 16, parentId],
    ['parent time', 4, locators.length === 0 ? 0 : 800_000_000],
    ['reserved', 4, 0],
    ['parent name', 512, name],
  ]);
  for (const [index, locator] of locators.entries()) {
    file.rows(next + index * 24, `locator entry ${index}`, locator);
  }
  file.seal({ at, length: 1024, checksumAt: at + 36, kind: 'ones-complement' });
}

type Footer = {
  readonly type: keyof typeof TYPE;
  readonly sizeBytes: number;
  readonly headerAt: bigint;
  readonly id: Uint8Array;
};

function writeFooter(file: StructureBytes, at: number, { type, sizeBytes, headerAt, id }: Footer): void {
  const { cylinders, heads, sectors } = vhdGeometry(sizeBytes);
  file.rows(at, at === 0 ? 'front footer' : 'footer', [
    ['cookie', 8, 'conectix'],
    ['features', 4, 2],
    ['version', 4, 0x1_0000],
    ['data offset', 8, headerAt],
    ['time', 4, 800_000_000],
    ['creator', 4, 'win '],
    ['creator version', 4, 0xa_0000],
    ['creator system', 4, 'Wi2k'],
    ['original size', 8, sizeBytes],
    ['current size', 8, sizeBytes],
    ['cylinders', 2, cylinders],
    ['heads', 1, heads],
    ['sectors', 1, sectors],
    ['type', 4, TYPE[type]],
    ['checksum', 4, 0],
    ['id', 16, id],
    ['saved state', 1, 0],
  ]);
  file.reach(at + SECTOR);
  file.seal({ at, length: SECTOR, checksumAt: at + 64, kind: 'ones-complement' });
}

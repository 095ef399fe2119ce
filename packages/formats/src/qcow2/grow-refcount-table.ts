import type { FileHandle } from '@sendense/plugin-kit/files';
import { MAX_REFCOUNT_TABLE_BYTES, SECTOR_BYTES } from './constants.ts';
import { corrupt } from './format-error.ts';
import type { Qcow2Geometry } from './geometry.ts';
import { writeRefcount } from './refcounts.ts';

/** Where the header names the refcount table: an offset of 8 bytes, and its clusters in 4. */
const TABLE_OFFSET_AT = 48;
const TABLE_CLUSTERS_AT = 56;

/** A refcount table, as the header names it. */
export type RefcountTableAt = { readonly offset: number; readonly table: DataView };

/** Where a larger table goes: behind everything that the old one can count, blocks first. */
type Growth = {
  /** First cluster of the area; nothing counts it, so nothing uses it. */
  readonly first: number;
  /** Blocks that count the area itself. */
  readonly blocks: number;
  readonly tableClusters: number;
};

/** The next size: half as large again, so that growing stays rare. `undefined` beyond QEMU's limits. */
function planGrowth({ table }: RefcountTableAt, geometry: Qcow2Geometry): Growth | undefined {
  const { clusterBytes, refcountsPerBlock } = geometry;
  const oldEntries = table.byteLength / 8;
  let tableClusters = Math.ceil((table.byteLength * 1.5) / clusterBytes);
  let blocks = 1;
  const isTooSmall = () => blocks * refcountsPerBlock < blocks + tableClusters;
  while (isTooSmall()) blocks += 1;
  // a table that has no room for the blocks of its own area is no gain
  tableClusters = Math.max(tableClusters, Math.ceil(((oldEntries + blocks + 1) * 8) / clusterBytes));
  while (isTooSmall()) blocks += 1;
  const first = oldEntries * refcountsPerBlock;
  const end = (first + blocks + tableClusters) * clusterBytes;
  if (tableClusters * clusterBytes > MAX_REFCOUNT_TABLE_BYTES || !Number.isSafeInteger(end)) return undefined;
  return { first, blocks, tableClusters };
}

/**
 * Moves a full refcount table to a larger one. The new table and the blocks that count it are durable before the header,
 * one sector, names them; until then nothing refers to them. The old table is still counted afterwards: the caller frees
 * its clusters. `undefined` when the table has its largest size.
 */
export async function growRefcountTable(
  handle: FileHandle,
  geometry: Qcow2Geometry,
  old: RefcountTableAt,
): Promise<RefcountTableAt | undefined> {
  const growth = planGrowth(old, geometry);
  if (growth === undefined) return undefined;
  const { clusterBytes } = geometry;
  const { first, blocks, tableClusters } = growth;
  const table = new DataView(new ArrayBuffer(tableClusters * clusterBytes));
  new Uint8Array(table.buffer).set(
    new Uint8Array(old.table.buffer, old.table.byteOffset, old.table.byteLength),
  );
  for (let block = 0; block < blocks; block += 1) {
    table.setBigUint64(old.table.byteLength + block * 8, BigInt((first + block) * clusterBytes));
    await handle.write(countedBlock(geometry, growth, block), (first + block) * clusterBytes);
  }
  const offset = (first + blocks) * clusterBytes;
  await handle.write(new Uint8Array(table.buffer), offset);
  await handle.sync();
  await nameTable(handle, offset, tableClusters);
  return { offset, table };
}

/** Refcount block number `block` of the area: one reference to each cluster of blocks and table. */
function countedBlock(
  { clusterBytes, refcountsPerBlock, refcountBits }: Qcow2Geometry,
  { blocks, tableClusters }: Growth,
  block: number,
): Uint8Array {
  const bytes = new Uint8Array(clusterBytes);
  const view = new DataView(bytes.buffer);
  const counted = Math.min(blocks + tableClusters - block * refcountsPerBlock, refcountsPerBlock);
  for (let index = 0; index < counted; index += 1) writeRefcount(view, index, refcountBits, 1);
  return bytes;
}

async function nameTable(handle: FileHandle, offset: number, clusters: number): Promise<void> {
  const sector = new DataView(new ArrayBuffer(SECTOR_BYTES));
  if ((await handle.read(new Uint8Array(sector.buffer), 0)) < SECTOR_BYTES)
    throw corrupt('the header lies outside the file');
  sector.setBigUint64(TABLE_OFFSET_AT, BigInt(offset));
  sector.setUint32(TABLE_CLUSTERS_AT, clusters);
  await handle.write(new Uint8Array(sector.buffer), 0);
  await handle.sync();
}

import type { Call, DiskFormat } from '@sendense/core';
import type { DiskImage } from '../disk-image.ts';
import { layoutOf } from '../qcow2/image-layout.ts';
import { DEFAULT_CLUSTER_BYTES } from '../qcow2/options.ts';
import type { Subformat } from '../subformats.ts';
import { DEFAULT_BLOCK_BYTES as VHD_BLOCK_BYTES } from '../vhd/constants.ts';
import { DEFAULT_BLOCK_BYTES as VHDX_BLOCK_BYTES } from '../vhdx/options.ts';
import { layoutOf as vhdxLayout } from '../vhdx/vhdx-layout.ts';
import { ENTRIES_PER_TABLE, GRAIN_BYTES, SECTOR_BYTES } from '../vmdk/constants.ts';
import { sparseLayout } from '../vmdk/sparse-layout.ts';
import { BlockCounter } from './block-counter.ts';
import type { TargetPlan } from './target-plan.ts';

/** Says how much the files of a target take at most, from how many units of each size hold data. */
type SpaceRule = {
  /** Units of allocation and of tables, in bytes of the disk. */
  readonly units: readonly number[];
  readonly bytes: (sizeBytes: number, counts: readonly number[]) => number;
};

/** QCOW2: a table maps 8192 clusters of 64 KiB. Two clusters a table: compressed data leaves some unused before each. */
const QCOW2: SpaceRule = {
  units: [DEFAULT_CLUSTER_BYTES, (DEFAULT_CLUSTER_BYTES / 8) * DEFAULT_CLUSTER_BYTES],
  bytes(sizeBytes, [clusters = 0, tables = 0]) {
    const layout = layoutOf(sizeBytes, DEFAULT_CLUSTER_BYTES);
    const used = layout.firstBlockCluster + layout.firstBlocks + clusters + 2 * tables + 1;
    const blocks = Math.ceil(used / (layout.refcountsPerBlock - 1)) + 1;
    return (used + blocks) * DEFAULT_CLUSTER_BYTES;
  },
};

/** Disk bytes of one grain table. */
const GRAIN_TABLE_SPAN = ENTRIES_PER_TABLE * GRAIN_BYTES;

/** VMDK sparse: every grain table has its place from the start. */
const VMDK_SPARSE: SpaceRule = {
  units: [GRAIN_BYTES],
  bytes: (sizeBytes, [grains = 0]) =>
    sparseLayout(sizeBytes).header.overhead * SECTOR_BYTES + grains * GRAIN_BYTES,
};

/** Header, descriptor, footer and markers of a stream. */
const STREAM_FIXED_BYTES = 256 * SECTOR_BYTES;

/** VMDK streamOptimized: zlib adds 33 bytes to a grain at most, its marker 12, and both fill sectors; a table has a marker. */
const VMDK_STREAM: SpaceRule = {
  units: [GRAIN_BYTES, GRAIN_TABLE_SPAN],
  bytes: (sizeBytes, [grains = 0, tables = 0]) =>
    STREAM_FIXED_BYTES +
    Math.ceil(sizeBytes / GRAIN_TABLE_SPAN) * 4 +
    tables * (ENTRIES_PER_TABLE * 4 + SECTOR_BYTES) +
    grains * (GRAIN_BYTES + SECTOR_BYTES),
};

/** VHD dynamic: two footers, a header, the allocation table, and blocks with their bitmap. */
const VHD_DYNAMIC: SpaceRule = {
  units: [VHD_BLOCK_BYTES],
  bytes: (sizeBytes, [blocks = 0]) =>
    5 * SECTOR_BYTES +
    Math.ceil((Math.ceil(sizeBytes / VHD_BLOCK_BYTES) * 4) / SECTOR_BYTES) * SECTOR_BYTES +
    blocks * (VHD_BLOCK_BYTES + SECTOR_BYTES),
};

/** Everything in front of the blocks of a VHDX. */
function vhdxFront(sizeBytes: number): number {
  return vhdxLayout({
    sizeBytes,
    blockBytes: VHDX_BLOCK_BYTES,
    logicalSectorBytes: SECTOR_BYTES,
    keepsBlocks: false,
  }).firstBlock;
}

const VHDX_DYNAMIC: SpaceRule = {
  units: [VHDX_BLOCK_BYTES],
  bytes: (sizeBytes, [blocks = 0]) => vhdxFront(sizeBytes) + blocks * VHDX_BLOCK_BYTES,
};

const VHDX_FIXED: SpaceRule = {
  units: [],
  bytes: (sizeBytes) => vhdxFront(sizeBytes) + Math.ceil(sizeBytes / VHDX_BLOCK_BYTES) * VHDX_BLOCK_BYTES,
};

/** Files that hold the disk as it is. `moreBytes`: a footer, a descriptor. */
function plain(moreBytes: number): SpaceRule {
  return { units: [], bytes: (sizeBytes) => sizeBytes + moreBytes };
}

const RULES: {
  readonly [F in DiskFormat]: Readonly<Record<Subformat<F> | (F extends 'raw' ? '' : never), SpaceRule>>;
} = {
  raw: { '': plain(0) },
  qcow2: { plain: QCOW2, compressed: QCOW2 },
  vmdk: { monolithicSparse: VMDK_SPARSE, monolithicFlat: plain(64 * 1024), streamOptimized: VMDK_STREAM },
  vhd: { dynamic: VHD_DYNAMIC, fixed: plain(512) },
  vhdx: { dynamic: VHDX_DYNAMIC, fixed: VHDX_FIXED },
};

/** Upper bound in bytes of the files of a target, from the source's extents alone. */
export async function spaceNeeded(plan: TargetPlan, source: DiskImage, call?: Call): Promise<number> {
  const rule = new Map<string, SpaceRule>(Object.entries(RULES[plan.format])).get(plan.subformat ?? '');
  if (rule === undefined) throw new TypeError(`no rule for the space of ${plan.format} ${plan.subformat}`);
  const counters = rule.units.map((unitBytes) => new BlockCounter(unitBytes));
  if (counters.length > 0)
    for await (const extent of source.extents({ offset: 0, length: source.sizeBytes }, call))
      for (const counter of counters) counter.add(extent);
  return rule.bytes(
    plan.sizeBytes,
    counters.map(({ count }) => count),
  );
}

import type { Call, DiskFormat } from '@sendense/core';
import type { DiskImage } from '../disk-image.ts';
import { layoutOf } from '../qcow2/image-layout.ts';
import { DEFAULT_CLUSTER_BYTES } from '../qcow2/options.ts';
import type { Subformat } from '../subformats.ts';
import { BlockCounter } from './block-counter.ts';
import type { TargetPlan } from './target-plan.ts';

const MiB = 1024 * 1024;

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

const GRAIN_BYTES = 64 * 1024;
/** Disk bytes of one grain table: 512 grains. */
const GRAIN_TABLE_SPAN = 512 * GRAIN_BYTES;
/** Headers, descriptor and what aligns the grains. */
const VMDK_FIXED_BYTES = MiB;

/** VMDK sparse: every grain table is there from the start, and all of it twice. */
const VMDK_SPARSE: SpaceRule = {
  units: [GRAIN_BYTES],
  bytes(sizeBytes, [grains = 0]) {
    const tables = Math.ceil(sizeBytes / GRAIN_TABLE_SPAN);
    return VMDK_FIXED_BYTES + 2 * tables * (2048 + 4) + grains * GRAIN_BYTES;
  },
};

/** VMDK streamOptimized: zlib adds 33 bytes to a grain at most, its marker 12, and both fill sectors; a table has a marker. */
const VMDK_STREAM: SpaceRule = {
  units: [GRAIN_BYTES, GRAIN_TABLE_SPAN],
  bytes: (sizeBytes, [grains = 0, tables = 0]) =>
    VMDK_FIXED_BYTES +
    Math.ceil(sizeBytes / GRAIN_TABLE_SPAN) * 4 +
    tables * (2048 + 512) +
    grains * (GRAIN_BYTES + 512),
};

const VHD_BLOCK_BYTES = 2 * MiB;

/** VHD dynamic: two footers, a header, the allocation table, and blocks with their bitmap. */
const VHD_DYNAMIC: SpaceRule = {
  units: [VHD_BLOCK_BYTES],
  bytes: (sizeBytes, [blocks = 0]) =>
    2 * 512 +
    1024 +
    Math.ceil((Math.ceil(sizeBytes / VHD_BLOCK_BYTES) * 4) / 512) * 512 +
    blocks * (VHD_BLOCK_BYTES + 512),
};

/** VHDX: the block that is chosen for new files, and everything in the file in units of 1 MiB. */
const VHDX_BLOCK_BYTES = 32 * MiB;

/** Header section, log, metadata; the allocation table has 8 bytes for a block and, each 128 blocks, for a sector bitmap. */
function vhdxFront(sizeBytes: number): number {
  const entries = Math.ceil(sizeBytes / VHDX_BLOCK_BYTES) * (1 + 1 / 128) + 1;
  return 4 * MiB + Math.ceil((entries * 8) / MiB) * MiB;
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

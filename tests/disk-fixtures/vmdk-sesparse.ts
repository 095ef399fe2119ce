import type { DiskFixture } from './disk-fixture.ts';
import { type LayerPlan, pieceOf } from './layer-plan.ts';
import { StructureBytes } from './structure-bytes.ts';
import { type EsxDeltaOptions, vmdkDelta } from './vmdk-delta.ts';

const SECTOR = 512;

/** A `seSparse` delta over a `vmfs` disk; its layout is known from what QEMU documents of the files that ESXi writes. */
export function seSparseVmdk({ plan, parent }: EsxDeltaOptions): DiskFixture {
  const extent = new StructureBytes('disk-000001-sesparse.vmdk', 'little');
  const tableSectors = 64;
  const perTable = (tableSectors * SECTOR) / 8;
  const grains = Math.ceil(plan.sizeBytes / plan.pieceBytes);
  const tables = Math.ceil(grains / perTable);
  const regions = seSparseRegions({ tables, grains });
  extent.reach(regions.grains[0] * SECTOR);
  let stored = 0;
  const store = (grain: number) => {
    // Numbers above 4095 stand in both parts of an entry: the grains after the first few begin below that and go beyond.
    const index = stored < 8 ? stored : 3950 + stored;
    stored += 1;
    extent.data(regions.grains[0] * SECTOR + index * plan.pieceBytes, pieceOf(plan, grain));
    return index;
  };
  const directory: bigint[] = [];
  const [tablesAt] = regions.tables;
  for (let table = 0, used = 0; table < tables; table += 1) {
    const entries = Array.from({ length: perTable }, (_, index) => {
      const grain = table * perTable + index;
      const kind = plan.pieces.get(grain);
      if (kind === undefined) return 0n;
      // 1: unmapped by the guest, 2: zeros; both read as zeros.
      if (kind === 'zero') return grain % 2 === 0 ? 0x1000_0000_0000_0000n : 0x2000_0000_0000_0000n;
      return seSparseGrainEntry(store(grain));
    });
    if (entries.every((entry) => entry === 0n)) {
      directory.push(0n);
      continue;
    }
    directory.push(0x1000_0000_0000_0000n | BigInt(used));
    extent.table((tablesAt + used * tableSectors) * SECTOR, `table ${used}`, 8, entries, 0n);
    used += 1;
  }
  extent.table(regions.directory[0] * SECTOR, 'directory', 8, directory, 0n);
  writeSeSparseHeaders(extent, plan, regions);
  return vmdkDelta({ name: 'SESparse', createType: 'seSparse', type: 'SESPARSE', extent, plan, parent });
}

/** Sector of a region, and its size in sectors. */
type Region = readonly [offset: number, size: number];

/** Where everything is. */
type Regions = ReturnType<typeof seSparseRegions>;

function seSparseRegions({ tables, grains }: { tables: number; grains: number }) {
  const at = (offset: number, size: number): Region => [offset, size];
  let next = 2048;
  const take = (sectors: number): Region => {
    const region: Region = [next, sectors];
    next += Math.ceil(sectors / 8) * 8;
    return region;
  };
  return {
    volatile: at(1, 1),
    journalHeader: at(2, 2),
    journal: at(8, 2040),
    directory: take(Math.ceil((tables * 8) / SECTOR)),
    tables: take(tables * 64),
    freeBitmap: take(Math.ceil(grains / 8 / SECTOR)),
    backMap: take(Math.ceil((grains * 8) / SECTOR)),
    grains: take(grains * 8),
  };
}

function writeSeSparseHeaders(extent: StructureBytes, plan: LayerPlan, regions: Regions): void {
  const region = (name: keyof Regions) => {
    const [offset, size] = regions[name];
    return [
      [`${name} offset`, 8, offset],
      [`${name} size`, 8, size],
    ] as const;
  };
  extent.rows(0, 'constant header', [
    ['magic', 8, 0xcafe_baben],
    ['version', 8, 0x2_0000_0001n],
    ['capacity', 8, plan.sizeBytes / SECTOR],
    ['grain size', 8, plan.pieceBytes / SECTOR],
    ['table size', 8, 64],
    ['flags', 8, 0],
    ['reserved 1', 8, 0],
    ['reserved 2', 8, 0],
    ['reserved 3', 8, 0],
    ['reserved 4', 8, 0],
    ...region('volatile'),
    ...region('journalHeader'),
    ...region('journal'),
    ...region('directory'),
    ...region('tables'),
    ...region('freeBitmap'),
    ...region('backMap'),
    ...region('grains'),
  ]);
  extent.rows(SECTOR, 'volatile header', [
    ['magic', 8, 0xcafe_cafen],
    ['free table', 8, 0],
    ['next transaction', 8, 0],
    ['replay journal', 8, 0],
  ]);
}

/** The low 12 bits of a grain's number stand above the others. */
function seSparseGrainEntry(index: number): bigint {
  const number = BigInt(index);
  return 0x3000_0000_0000_0000n | ((number & 0xfffn) << 48n) | (number >> 12n);
}

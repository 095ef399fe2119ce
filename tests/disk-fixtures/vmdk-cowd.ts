import type { DiskFixture } from './disk-fixture.ts';
import { pieceOf } from './layer-plan.ts';
import { StructureBytes } from './structure-bytes.ts';
import { type EsxDeltaOptions, vmdkDelta } from './vmdk-delta.ts';

const SECTOR = 512;

/** A `vmfsSparse` delta (COWD) over a `vmfs` disk, after libyal's description of the format. */
export function cowdVmdk({ plan, parent }: EsxDeltaOptions): DiskFixture {
  const extent = new StructureBytes('disk-000001-delta.vmdk', 'little');
  const perTable = 4096;
  const grains = Math.ceil(plan.sizeBytes / plan.pieceBytes);
  const tables = Math.ceil(grains / perTable);
  const tablesAt = 4 + Math.ceil((tables * 4) / SECTOR);
  extent.reach((tablesAt + tables * 32) * SECTOR);
  const directory: number[] = [];
  for (let table = 0; table < tables; table += 1) {
    const entries = Array.from({ length: perTable }, (_, index) => {
      const grain = table * perTable + index;
      if (plan.pieces.get(grain) !== 'own') return 0;
      const at = extent.align(SECTOR);
      extent.data(at, pieceOf(plan, grain));
      return at / SECTOR;
    });
    const empty = entries.every((entry) => entry === 0);
    directory.push(empty ? 0 : tablesAt + table * 32);
    extent.table((tablesAt + table * 32) * SECTOR, `table ${table}`, 4, entries);
  }
  extent.table(4 * SECTOR, 'directory', 4, directory);
  extent.rows(0, 'header', [
    ['magic', 4, 'COWD'],
    ['version', 4, 1],
    ['flags', 4, 3],
    ['capacity', 4, plan.sizeBytes / SECTOR],
    ['grain size', 4, plan.pieceBytes / SECTOR],
    ['directory', 4, 4],
    ['entries of the directory', 4, tables],
    ['next free sector', 4, extent.length / SECTOR],
  ]);
  extent.rows(1060, 'header', [['generation', 4, 1]]);
  extent.rows(1636, 'header', [
    ['saved generation', 4, 1],
    ['reserved', 8, 0],
    ['unclean', 4, 0],
  ]);
  return vmdkDelta({ name: 'COWD', createType: 'vmfsSparse', type: 'VMFSSPARSE', extent, plan, parent });
}

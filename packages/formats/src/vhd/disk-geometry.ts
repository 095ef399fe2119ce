/** Cylinders, heads and sectors of a track, as a BIOS sees a disk. */
export type DiskGeometry = { readonly cylinders: number; readonly heads: number; readonly sectors: number };

/** The most that the three fields describe: about 127.5 GiB. Larger disks have this geometry, too. */
export const MAX_GEOMETRY: DiskGeometry = { cylinders: 65_535, heads: 16, sectors: 255 };

/** Sectors that a geometry describes. */
export function geometrySectors({ cylinders, heads, sectors }: DiskGeometry): number {
  return cylinders * heads * sectors;
}

/** The geometry of a disk of `totalSectors`, at most as large as it: the appendix "CHS Calculation". */
export function geometryOf(totalSectors: number): DiskGeometry {
  const most = geometrySectors(MAX_GEOMETRY);
  const total = Math.min(totalSectors, most);
  if (total >= 65_535 * 16 * 63) return { ...MAX_GEOMETRY, cylinders: Math.floor(total / (16 * 255)) };
  let sectors = 17;
  let tracks = Math.floor(total / sectors);
  let heads = Math.max(4, Math.floor((tracks + 1023) / 1024));
  if (tracks >= heads * 1024 || heads > 16) {
    sectors = 31;
    heads = 16;
    tracks = Math.floor(total / sectors);
  }
  if (tracks >= heads * 1024) {
    sectors = 63;
    heads = 16;
    tracks = Math.floor(total / sectors);
  }
  return { cylinders: Math.floor(tracks / heads), heads, sectors };
}

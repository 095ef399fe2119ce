const SECTOR = 512;

/** Cylinders, heads and sectors of a disk. */
export type VhdGeometry = { readonly cylinders: number; readonly heads: number; readonly sectors: number };

/** The geometry that the VHD specification computes for a size (its appendix on CHS). */
export function vhdGeometry(sizeBytes: number): VhdGeometry {
  const total = Math.min(Math.floor(sizeBytes / SECTOR), 65_535 * 16 * 255);
  if (total >= 65_535 * 16 * 63) return of(total, 16, 255);
  const tracks = Math.floor(total / 17);
  const heads = Math.max(4, Math.floor((tracks + 1023) / 1024));
  if (tracks < heads * 1024 && heads <= 16) return of(total, heads, 17);
  if (Math.floor(total / 31) < 16 * 1024) return of(total, 16, 31);
  return of(total, 16, 63);
}

function of(total: number, heads: number, sectors: number): VhdGeometry {
  return { cylinders: Math.floor(Math.floor(total / sectors) / heads), heads, sectors };
}

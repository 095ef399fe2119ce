/** How far the maps of a point were walked: all before it were. */
export type MapPlace = {
  /** A disk or artifact, by its number in the manifest, disks first. */
  readonly root: number;
  /** A chunk of it, by its number. */
  readonly chunk: number;
};

/** Where the maps of a point begin. */
export const FIRST_PLACE: MapPlace = { root: 0, chunk: 0 };

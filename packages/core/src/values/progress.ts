/** How far a call is. `total` is `null` while it is unknown; `done` never goes back. */
export type Progress = {
  readonly done: number;
  readonly total: number | null;
  readonly unit: 'bytes' | 'items';
};

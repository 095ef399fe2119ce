export { consolidateDisks } from './consolidate.ts';
export {
  listSnapshots,
  readSnapshots,
  type VimSnapshot,
  type VimSnapshotTree,
} from './snapshot-tree.ts';
export { createSnapshot, readSnapshotDisks, removeSnapshot, type SnapshotRequest } from './snapshots.ts';

import { safeNumber } from '@sendense/core';
import type { FileHandle } from '@sendense/plugin-kit/files';
import { invalid } from './format-error.ts';
import type { Qcow2Header } from './header.ts';

/** Length of a snapshot entry without its variable part. */
const ENTRY_BYTES = 40;
/** The most that is read of extra data; QEMU's limit. */
const MAX_EXTRA_BYTES = 1024;

/** Where the snapshot table and the L1 tables of the snapshots lie. */
export type Snapshots = {
  /** Up to the end of the last entry, which writers need not fill up. */
  readonly tableBytes: number;
  readonly l1Tables: readonly { readonly offset: number; readonly entries: number }[];
};

/** Reads the internal snapshots of an image. Rejects with `FORMAT_INVALID`. */
export async function readSnapshots(handle: FileHandle, header: Qcow2Header): Promise<Snapshots> {
  const l1Tables: { readonly offset: number; readonly entries: number }[] = [];
  let end = 0;
  for (let index = 0; index < header.snapshotCount; index += 1) {
    const at = Math.ceil(end / 8) * 8;
    const view = new DataView(new ArrayBuffer(ENTRY_BYTES));
    const count = await handle.read(new Uint8Array(view.buffer), header.snapshotsOffset + at);
    const extraBytes = view.getUint32(36);
    if (count < ENTRY_BYTES || extraBytes > MAX_EXTRA_BYTES) throw invalid('the snapshot table is damaged');
    l1Tables.push({ offset: safeNumber(view.getBigUint64(0), 'an L1 table'), entries: view.getUint32(8) });
    end = at + ENTRY_BYTES + extraBytes + view.getUint16(12) + view.getUint16(14);
  }
  return { tableBytes: end, l1Tables };
}

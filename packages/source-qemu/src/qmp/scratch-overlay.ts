import { chmod } from 'node:fs/promises';
import type { Call } from '@sendense/core';
import type { QmpClient } from '@sendense/platform-kvm/qmp';
import type { ObjectNames } from './object-names.ts';
import { jobDone } from './wait-for-job.ts';

/** An overlay to be made. */
export type OverlayRequest = {
  readonly names: ObjectNames;
  readonly path: string;
  readonly sizeBytes: number;
  /** The node that it lies over. */
  readonly node: string;
};

async function create(
  qmp: QmpClient,
  id: string,
  options: { readonly [key: string]: string | number },
  call?: Call,
) {
  await qmp.execute('blockdev-create', { 'job-id': id, options }, call);
  await jobDone(qmp, id, 'blockdev-create', call);
}

/**
 * Makes the overlay of a disk. QEMU itself makes the file, so that it is one that QEMU may open, whoever it runs as.
 * What is in it is worthless after a crash, so flushes are left out.
 */
export async function addOverlay(qmp: QmpClient, request: OverlayRequest, call?: Call): Promise<void> {
  const { names, path, sizeBytes, node } = request;
  await create(qmp, names.job, { driver: 'file', filename: path, size: 0 }, call);
  // it will hold bytes of the guest; where QEMU runs as somebody else, its umask decides
  await chmod(path, 0o600).catch(() => undefined);
  const cache = { 'no-flush': true };
  await qmp.execute('blockdev-add', { driver: 'file', 'node-name': names.file, filename: path, cache }, call);
  await create(qmp, names.job, { driver: 'qcow2', file: names.file, size: sizeBytes }, call);
  await qmp.execute(
    'blockdev-add',
    { driver: 'qcow2', 'node-name': names.overlay, file: names.file, backing: node, cache },
    call,
  );
}

/** Removes the nodes of an overlay that are there. Resolves with whether anything was there. */
export async function removeOverlay(
  qmp: QmpClient,
  nodes: ReadonlySet<string>,
  names: ObjectNames,
): Promise<boolean> {
  let found = false;
  for (const name of [names.overlay, names.file]) {
    if (!nodes.has(name)) continue;
    found = true;
    await qmp.execute('blockdev-del', { 'node-name': name });
  }
  return found;
}

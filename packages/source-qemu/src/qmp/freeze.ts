import type { Call, Json } from '@sendense/core';
import type { QmpClient } from '@sendense/platform-kvm/qmp';
import type { InstantRequest } from '../host/machine-host.ts';
import { breaksSnapshots } from './breaks-snapshots.ts';
import { changesBitmap, objectNames } from './object-names.ts';

/** Guest bytes of one bit of our bitmaps. */
export const GRANULARITY_BYTES = 64 * 1024;

type Action = { readonly type: string; readonly data: { readonly [key: string]: Json } };

/**
 * The one transaction that freezes all disks of `request`.
 *
 * The backup jobs come first: each drains its disk until the whole transaction is done, so that no write of a disk with
 * an I/O thread of its own slips between the copy of its bitmap and the instant. The baseline of before goes on
 * recording; what it has until now is copied into a bitmap that lives for this capture only.
 */
export function freezeActions(request: InstantRequest, breaks: boolean): readonly Action[] {
  const { baseline, disks } = request;
  const jobs = disks.map(({ disk }, index): Action => {
    const { job, overlay, filter } = objectNames(baseline, index);
    const names = { 'job-id': job, device: disk.target, target: overlay, 'filter-node-name': filter };
    const onError = breaks ? { 'on-cbw-error': 'break-snapshot' } : {};
    return { type: 'blockdev-backup', data: { ...names, sync: 'none', 'auto-dismiss': false, ...onError } };
  });
  const bitmaps = disks.flatMap(({ disk, since, track }): readonly Action[] => {
    const node = disk.target;
    const add = (name: string, more: { readonly [key: string]: Json }): Action => {
      return { type: 'block-dirty-bitmap-add', data: { node, name, ...more } };
    };
    const changes = changesBitmap(baseline);
    const granularity =
      disk.bitmaps.find(({ name }) => name === since)?.granularityBytes ?? GRANULARITY_BYTES;
    return [
      ...(since === null
        ? []
        : [
            add(changes, { granularity, disabled: true }),
            { type: 'block-dirty-bitmap-merge', data: { node, target: changes, bitmaps: [since] } },
          ]),
      ...(track ? [add(baseline, { granularity: GRANULARITY_BYTES, persistent: true })] : []),
    ];
  });
  return [...jobs, ...bitmaps];
}

/** Runs the transaction: all of it happens, or nothing. */
export async function freeze(qmp: QmpClient, request: InstantRequest, call?: Call): Promise<void> {
  const actions = freezeActions(request, await breaksSnapshots(qmp, call));
  await qmp.execute('transaction', { actions: [...actions] }, call);
}

/** Exports each frozen disk, with its changes where an increment is wanted. */
export async function exportDisks(qmp: QmpClient, request: InstantRequest, call?: Call): Promise<void> {
  for (const [index, { since }] of request.disks.entries()) {
    const names = objectNames(request.baseline, index);
    const bitmaps = since === null ? [] : [changesBitmap(request.baseline)];
    const what = { type: 'nbd', id: names.export, name: names.export, 'node-name': names.overlay };
    await qmp.execute('block-export-add', { ...what, bitmaps }, call);
  }
}

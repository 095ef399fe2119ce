import type { PlannedDisk, RestoreRequest } from '@sendense/core';
import { capabilities, SIZE_MULTIPLE_BYTES } from '../capabilities.ts';
import type { CheckedOptions } from '../options.ts';
import type { Outcomes } from './outcomes.ts';

type RequestedDisk = RestoreRequest['disks'][number];

/** Where grains lie in a streamOptimized VMDK is counted in 32 bits, in sectors. */
const MOST_LEASE_BYTES = 2 * 1024 ** 4;

function sizeOutcome({ id, number, sizeBytes }: RequestedDisk, outcomes: Outcomes): number {
  const { minDiskBytes, maxDiskBytes } = capabilities;
  const rounded = Math.ceil(sizeBytes / SIZE_MULTIPLE_BYTES) * SIZE_MULTIPLE_BYTES;
  const targetSizeBytes = Math.max(rounded, minDiskBytes);
  outcomes.became(`disks[${number}].sizeBytes`, sizeBytes, targetSizeBytes);
  if (targetSizeBytes > maxDiskBytes)
    outcomes.tell('error', 'disk-too-large', `disk-${number} is larger than the 62 TiB of vSphere`, id);
  else if (targetSizeBytes !== sizeBytes)
    outcomes.tell('info', 'size-rounded-up', `disk-${number} becomes ${targetSizeBytes} bytes long`, id);
  return targetSizeBytes;
}

function sectorOutcome({ id, number, sectorBytes }: RequestedDisk, outcomes: Outcomes): void {
  if (sectorBytes === 512) return;
  const message = `disk-${number} had sectors of ${sectorBytes} bytes and gets 512: its guest may not boot`;
  outcomes.tell('warning', 'sector-size-lost', message, id);
}

/** How much a disk holds is known only when it has been sent. */
function leaseOutcome({ id, number, sizeBytes }: RequestedDisk, outcomes: Outcomes): void {
  if (sizeBytes <= MOST_LEASE_BYTES) return;
  const message = `a lease takes at most 2 TiB of the data of disk-${number}, as it is compressed: a disk that holds more is restored via datastore`;
  outcomes.tell('warning', 'lease-data-limit', message, id);
}

/** vSphere has no disks that a machine may only read. */
function writableOutcome({ id, number }: RequestedDisk, { spec }: RestoreRequest, outcomes: Outcomes): void {
  if (spec.disks.find((disk) => disk.id === id)?.readOnly !== true) return;
  outcomes.became(`disks[${number}].readOnly`, true, false);
  outcomes.tell('warning', 'disk-becomes-writable', `disk-${number} was read-only and becomes writable`, id);
}

/** The disks as they will be; what is not the same is in `outcomes`. */
export function planDisks(
  request: RestoreRequest,
  { name, via }: CheckedOptions,
  datastore: string,
  outcomes: Outcomes,
): readonly PlannedDisk[] {
  return request.disks.map((disk, index) => {
    const targetSizeBytes = sizeOutcome(disk, outcomes);
    sectorOutcome(disk, outcomes);
    if (via === 'lease') leaseOutcome(disk, outcomes);
    writableOutcome(disk, request, outcomes);
    return { ...disk, targetSizeBytes, location: `[${datastore}] ${name}/disk ${index + 1}` };
  });
}

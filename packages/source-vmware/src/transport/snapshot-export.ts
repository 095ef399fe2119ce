import { type BlockReader, type Call, SendenseError } from '@sendense/core';
import {
  exportSnapshot,
  type HeldLease,
  type LeaseDevice,
  type ManagedObject,
  type VimClient,
  type VimDisk,
} from '@sendense/platform-vmware';
import { type TaskContext, whenFree } from '../context.ts';
import type { CheckedOptions } from '../options.ts';
import { repeatedGrains } from '../stream/repeated-grains.ts';
import { streamDisk } from '../stream/stream-disk.ts';
import { reachedUrl } from './reached-url.ts';

/** The export lease of a snapshot, which all disks that are read by it share: a machine has one at a time. */
export interface SnapshotExport {
  /**
   * Opens a disk for one pass from its start. The lease begins with the first disk and ends with the last. Rejects with `LOCKED`,
   * `PERMISSION_DENIED`, `PROTOCOL_VIOLATION` when the lease does not name the disk.
   */
  open(disk: VimDisk, call?: Call): Promise<BlockReader>;
}

/** What an export needs of its source. */
type ExportContext = TaskContext & { readonly options: Pick<CheckedOptions, 'hostAddresses'> };

/** A lease with those who use it. */
type Shared = { readonly lease: HeldLease; users: number; readonly whole: Set<number>; opened: number };

/** See {@link SnapshotExport}. */
export function createSnapshotExport(
  context: ExportContext,
  vim: VimClient,
  snapshot: ManagedObject,
): SnapshotExport {
  let sharing: Promise<Shared> | undefined;
  const begin = async (call?: Call): Promise<Shared> => {
    const lease = await whenFree(context, () =>
      exportSnapshot(vim, snapshot, { ...call, timer: context.timer }),
    );
    return { lease, users: 0, whole: new Set(), opened: 0 };
  };
  const leave = async (shared: Shared): Promise<void> => {
    shared.users -= 1;
    if (shared.users > 0) return;
    sharing = undefined;
    await end(context, shared);
  };
  return {
    async open(disk, call) {
      sharing ??= begin(call).catch((error: unknown) => {
        sharing = undefined;
        throw error;
      });
      const shared = await sharing;
      shared.users += 1;
      shared.opened += 1;
      try {
        const device = deviceOf(shared.lease, disk);
        return readerOf(context, vim, shared, { disk, device }, () => leave(shared));
      } catch (error) {
        await leave(shared);
        throw error;
      }
    },
  };
}

function readerOf(
  { timer, log, options: { hostAddresses } }: ExportContext,
  vim: VimClient,
  shared: Shared,
  { disk, device }: { readonly disk: VimDisk; readonly device: LeaseDevice },
  leave: () => Promise<void>,
): BlockReader {
  const closing = new AbortController();
  const at = { url: reachedUrl(device.url, hostAddresses), thumbprint: device.thumbprint, label: disk.label };
  const grains = repeatedGrains({
    open: () => openDevice(vim, shared.lease, at, closing.signal),
    sizeBytes: disk.sizeBytes,
    timer,
    onRetry: ({ code, message }) =>
      log?.({ level: 'info', message: 'a stream is read again', fields: { code, message } }),
    onEnd: () => {
      shared.whole.add(disk.key);
      shared.lease.percent((100 * shared.whole.size) / shared.opened);
    },
  });
  return streamDisk(grains, disk.sizeBytes, () => {
    closing.abort();
    return leave();
  });
}

/** All of it was had, or it is given up: the server's list of tasks tells people which. */
async function end({ log }: TaskContext, { lease, whole, opened }: Shared): Promise<void> {
  if (whole.size < opened) return lease.abort();
  try {
    await lease.complete();
  } catch (error) {
    // the bytes were had and checked; a lease that is left ends by itself
    const { code, message } = SendenseError.is(error)
      ? error
      : { code: 'UNEXPECTED', message: String(error) };
    log?.({ level: 'warn', message: 'an export lease was not given back', fields: { code, message } });
  }
}

/** The device of a lease that is the disk: by its controller and unit, which no other disk of the machine has. */
function deviceOf({ devices }: HeldLease, { place, label }: VimDisk): LeaseDevice {
  const found = devices.filter(({ key, isDisk }) => isDisk && key.slice(key.lastIndexOf('/') + 1) === place);
  const [device] = found;
  if (place !== undefined && device !== undefined && found.length === 1) return device;
  throw new SendenseError('PROTOCOL_VIOLATION', `the export lease does not name "${label}"`, {
    operation: 'open-disk',
    context: { devices: devices.map(({ key }) => key).slice(0, 64), place: place ?? null },
    remedy: 'report this with the version of the server',
  });
}

async function openDevice(
  vim: VimClient,
  lease: HeldLease,
  { url, thumbprint, label }: Pick<LeaseDevice, 'url' | 'thumbprint'> & { readonly label: string },
  closed: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  await lease.check();
  const signal = AbortSignal.any([lease.lost, closed]);
  const { status, body } = await unlessLost(lease, () =>
    vim.openStream({ url, name: `"${label}"`, thumbprint }, { signal }),
  );
  if (status === 200) return bytesOf(lease, body);
  const isBusy = status === 429 || status >= 500;
  throw new SendenseError(
    isBusy ? 'CONNECTION_LOST' : 'PROTOCOL_VIOLATION',
    `${url.host} does not give "${label}" of its lease (HTTP ${status})`,
    {
      operation: 'open-disk',
      context: { httpStatus: status, host: url.host },
      remedy: 'look into the log of the host',
    },
  );
}

async function* bytesOf(
  lease: HeldLease,
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const chunks = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await unlessLost(lease, () => chunks.next());
      if (done === true) return;
      yield value;
    }
  } finally {
    await chunks.return?.();
  }
}

/** Why a transfer was cut: the lease says it better. */
async function unlessLost<T>(lease: HeldLease, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    lease.lost.throwIfAborted();
    throw error;
  }
}

import { SendenseError } from '@sendense/core';
import type { LeaseDevice } from '../lease/lease-info.ts';
import { readLease } from '../lease/wait-for-lease.ts';
import { isFault } from '../map-error.ts';
import type { VimClient } from '../session/vim-client.ts';
import type { ImportedMachine } from './import-machine.ts';
import { startUpload, type Upload } from './start-upload.ts';

/** What the server takes the bytes of a disk by; anything else it refuses. */
const STREAM_VMDK = 'application/x-vnd.vmware-streamVmdk';

/** The server must answer soon, or the failure is told without its reason. */
const REASON_MS = 10_000;

/**
 * Sends a streamOptimized VMDK to a device of a lease, by one POST without a length, as it is made. What fails is told as what the
 * lease says of it (`NO_SPACE`, `EXPIRED`) where it says something.
 */
export function uploadDisk(
  client: VimClient,
  { lease, reference }: Pick<ImportedMachine, 'lease' | 'reference'>,
  { url, thumbprint }: LeaseDevice,
  name: string,
): Upload {
  const headers = { 'content-type': STREAM_VMDK };
  return startUpload(
    client,
    { method: 'POST', url, name, headers, thumbprint },
    {
      signal: lease.lost,
      reasonOf: async (error) =>
        (await failureOf(client, reference)) ?? (lease.lost.aborted ? lease.lost.reason : error),
    },
  );
}

/** Why the lease has failed, where it did. */
async function failureOf(client: VimClient, reference: ImportedMachine['reference']): Promise<unknown> {
  try {
    const call = { signal: AbortSignal.timeout(REASON_MS) };
    const status = await readLease(client, reference, 'ImportVApp', call);
    if (status.state !== 'error') return undefined;
    return isFault(status.error, 'Timedout') ? ended(client, status.error) : status.error;
  } catch {
    // what failed first is the one to tell
    return undefined;
  }
}

function ended({ host }: VimClient, cause: unknown): SendenseError {
  return new SendenseError('EXPIRED', `${host} ended the lease while a disk was sent`, {
    operation: 'transfer-file',
    cause,
    remedy: 'resume it; when it happens again look whether the server or its host is overloaded',
  });
}

import type { ApiFinding, Mount } from '@sendense/api';
import { asSendenseError } from '../../output/error-report.ts';
import type { PointOptions } from '../work.ts';
import type { Desk } from './desk.ts';
import { LONG_CALL_MS } from './long-call.ts';

/** What was done with a mount, and what its archives had to leave out. */
type Mounted<T> = { readonly mount: Mount; readonly done: T; readonly left: readonly ApiFinding[] };

/**
 * Has the server open a point, and ends that when `use` is done. What was done counts also where the server does not end it: then a finding
 * says that nobody knows what an archive left out.
 */
export async function withMount<T>(
  desk: Desk,
  { backupId, repository }: PointOptions,
  use: (mountId: string) => Promise<T>,
): Promise<Mounted<T>> {
  const { client } = desk;
  // without the signal: a mount that was made and not told of could be ended by nobody, and holds the point open for an hour
  const call = { timeoutMs: LONG_CALL_MS };
  const mount = await client.mountBackup({ backup_id: backupId, repository }, call);
  const { mount_id: mountId } = mount;
  let done: T;
  try {
    done = await use(mountId);
  } catch (error) {
    await client.unmountBackup({ mount_id: mountId }).catch(() => undefined); // what failed first counts
    throw error;
  }
  return { mount, done, left: await endMount(desk, mount) };
}

/** What the archives of the mount left out, as its end tells. */
async function endMount(
  { client, session: { log } }: Desk,
  { mount_id: mountId, backup_id: backupId }: Mount,
): Promise<readonly ApiFinding[]> {
  try {
    const { findings } = await client.unmountBackup({ mount_id: mountId });
    return findings;
  } catch (error) {
    const why = asSendenseError(error, 'unmount-backup').message;
    log({ level: 'warn', message: `the server did not end a mount: ${why}`, fields: { mount: mountId } });
    const message = `what an archive left out is not known: ${why}`;
    return [
      { severity: 'error', code: 'left-unknown', message, object: null, disk: null, backup_id: backupId },
    ];
  }
}

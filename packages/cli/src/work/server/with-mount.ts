import type { ApiFinding, Mount } from '@sendense/api';
import type { PointOptions } from '../work.ts';
import type { Desk } from './desk.ts';

/** What was done with a mount, and what its archives had to leave out. */
type Mounted<T> = { readonly mount: Mount; readonly done: T; readonly left: readonly ApiFinding[] };

/** Has the server open a point, and ends that when `use` is done. */
export async function withMount<T>(
  { client, session }: Desk,
  { backupId, repository }: PointOptions,
  use: (mountId: string) => Promise<T>,
): Promise<Mounted<T>> {
  const mount = await client.mountBackup({ backup_id: backupId, repository }, session.call);
  const { mount_id: mountId } = mount;
  // without the signal, which may have fired: a mount of nobody holds the point open for an hour
  const end = () => client.unmountBackup({ mount_id: mountId });
  let done: T;
  try {
    done = await use(mountId);
  } catch (error) {
    await end().catch(() => undefined); // what failed first counts
    throw error;
  }
  return { mount, done, left: (await end()).findings };
}

import { parseDataFileName, stemOf } from '../layout/data-file-name.ts';
import { isAlias } from '../records/sidecar.ts';
import type { LocalStore } from '../store/local-store.ts';
import { readSidecar } from '../store/sidecars.ts';

/**
 * The stems of a disk's folder that a new data file of `stamp` must not get: those of files, and those that a file says
 * it replaced. A new file under such a name would be taken for the old one.
 */
export async function takenStems(
  store: LocalStore,
  folder: string,
  stamp: string,
): Promise<ReadonlySet<string>> {
  const taken = new Set<string>();
  for (const name of await store.listFresh(folder)) {
    const parsed = parseDataFileName(name);
    if (parsed?.stamp !== stamp) continue;
    taken.add(parsed.stem);
    if (parsed.ending !== 'json') continue;
    const sidecar = await readSidecar(store, folder, `${parsed.stem}.qcow2`);
    if (isAlias(sidecar)) continue;
    for (const replaced of sidecar.replaces) taken.add(stemOf(replaced));
  }
  return taken;
}

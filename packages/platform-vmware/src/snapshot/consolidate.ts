import { isFault } from '../map-error.ts';
import { readProperties } from '../properties/read-properties.ts';
import { runTask, type TaskCall } from '../properties/wait-for-task.ts';
import type { VimClient } from '../session/vim-client.ts';
import type { ManagedObject } from '../soap/vim-value.ts';

const NEEDED = 'runtime.consolidationNeeded';

/**
 * Merges disks that the removal of a snapshot left behind, where the server says that there are any. Resolves with whether it
 * was needed. A machine that is gone needs none. Rejects with `LOCKED` while something reads the disks.
 */
export async function consolidateDisks(
  client: VimClient,
  machine: ManagedObject,
  call?: TaskCall,
): Promise<boolean> {
  try {
    const paths = { type: 'VirtualMachine', paths: [NEEDED] };
    const [found] = await readProperties(client, [machine], paths, call);
    if (found?.values.get(NEEDED)?.text !== 'true') return false;
    await runTask(client, 'ConsolidateVMDisks_Task', machine, [], call);
    return true;
  } catch (error) {
    if (isFault(error, 'ManagedObjectNotFound') && error.context.object === machine.id) return false;
    throw error;
  }
}

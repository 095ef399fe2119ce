import { runTask, type TaskCall } from '../properties/wait-for-task.ts';
import type { VimClient } from '../session/vim-client.ts';
import { type ManagedObject, vimObject } from '../soap/vim-value.ts';

/**
 * Switches change tracking of all disks of a machine on or off. Of a running machine it becomes real with its next stun, e.g. when
 * a snapshot is taken and removed. Rejects with `CONFLICT` in a state that does not allow it, `LOCKED`, `PERMISSION_DENIED`.
 */
export async function setChangeTracking(
  client: VimClient,
  machine: ManagedObject,
  enabled: boolean,
  call?: TaskCall,
): Promise<void> {
  await runTask(
    client,
    'ReconfigVM_Task',
    machine,
    [['spec', vimObject([['changeTrackingEnabled', enabled]])]],
    call,
  );
}

import { type Call, type Finding, SendenseError } from '@sendense/core';
import { type ManagedObject, readTags, type VimTag } from '@sendense/platform-vmware';
import type { Connection } from './context.ts';

/** Tags of a machine, and why there are none where they could not be read. */
export type MachineTags = { readonly tags: readonly VimTag[]; readonly findings: readonly Finding[] };

/**
 * The tags of a machine as they are now. Those that cannot be read are a finding, for the machine is worth more than they are; only a
 * call that was cancelled rejects.
 */
export async function readMachineTags(
  { vim }: Pick<Connection, 'vim'>,
  object: ManagedObject,
  call?: Call,
): Promise<MachineTags> {
  try {
    return { tags: (await readTags(vim, [object], call)).get(object.id) ?? [], findings: [] };
  } catch (error) {
    if (SendenseError.is(error, 'ABORTED')) throw error;
    return { tags: [], findings: [notRead(error)] };
  }
}

function notRead(error: unknown): Finding {
  const why = error instanceof Error ? error.message : String(error);
  const message = `the machine's tags are not in the backup: ${why}`;
  return { severity: 'warning', code: 'tags-left-out', message };
}

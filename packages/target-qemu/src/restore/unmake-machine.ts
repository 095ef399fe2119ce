import type { Call } from '@sendense/core';
import { isOff } from '../host/libvirt-host.ts';
import { isOurs } from './machine-state.ts';
import type { RestoreScope } from './make-machine.ts';
import { variablesFiles } from './variables-file.ts';

/** Takes back what an unfinished commit made beside the disks; what it replaced comes back. Resolves with what was removed. */
export async function unmakeMachine(
  { context, details, memory, plan }: RestoreScope,
  call: Call | undefined,
): Promise<readonly string[]> {
  const { domain } = details;
  if (domain === null) return [];
  const { host, fileSystem } = context;
  const removed: string[] = [];
  const found = await host.find(domain.name, call);
  if (found !== undefined && isOurs(found, plan)) {
    if (!isOff(found)) await host.destroy(found.uuid, call);
    if (memory.replacedXml === null) {
      await host.undefine(found.uuid, call);
      removed.push(`domain ${domain.name}`);
    } else {
      await host.define(memory.replacedXml, plan.id, call);
    }
  }
  await host.removeDraft(plan.id);
  for (const path of domain.nvramPath === null ? [] : variablesFiles(domain.nvramPath)) {
    if ((await fileSystem.stat(path)) === undefined) continue;
    await fileSystem.unlink(path);
    removed.push(path);
  }
  return removed;
}

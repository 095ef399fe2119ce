import type { Call, Finding, ReconcileReport } from '@sendense/core';
import { isOff } from '../host/libvirt-host.ts';
import { isOurs } from './machine-state.ts';
import type { RestoreScope } from './make-machine.ts';
import { variablesFiles } from './variables-file.ts';

/** Takes back what an unfinished commit made beside the disks; what it replaced comes back. Resolves with what was removed. */
export async function unmakeMachine(
  { context, details, memory, plan }: RestoreScope,
  call: Call | undefined,
): Promise<ReconcileReport> {
  const { domain } = details;
  if (domain === null) return { removed: [], findings: [] };
  const { host, fileSystem } = context;
  const removed: string[] = [];
  const findings: Finding[] = [];
  const found = await host.find(domain.name, call);
  if (found !== undefined && isOurs(found, plan)) {
    if (!isOff(found)) await host.destroy(found.uuid, call);
    if (memory.replacedXml === null) {
      await host.undefine(found.uuid, call);
      removed.push(`domain ${domain.name}`);
    } else {
      await host.define(memory.replacedXml, plan.id, call);
      if (memory.replacedXml.includes('<graphics')) findings.push(withoutPasswords(domain.name));
    }
  }
  await host.removeDraft(plan.id);
  const { nvramPath } = domain;
  for (const path of nvramPath === null ? [] : await variablesFiles(fileSystem, nvramPath)) {
    if ((await fileSystem.stat(path)) === undefined) continue;
    await fileSystem.unlink(path);
    removed.push(path);
  }
  return { removed, findings };
}

/** Passwords are never journalled, so they do not come back. */
function withoutPasswords(name: string): Finding {
  const message = `the old definition of ${name} is back, without the passwords of its screens: set them again`;
  return { severity: 'warning', code: 'passwords-lost', message, object: name };
}

import type { Call, Finding } from '@sendense/core';
import { parseDatastorePath, uploadFile } from '@sendense/platform-vmware';
import { type FoundMachine, folderOf } from './find-machines.ts';
import type { RestoreScope } from './restore-scope.ts';

/** The file of the UEFI variables in the folder of a machine: called after the plan, so that none is ever replaced. */
export function variablesFile(plan: RestoreScope['plan']['id']): string {
  return `${plan}.nvram`;
}

/**
 * Puts the UEFI variables of the point beside the machine that was made, whose configuration names their file. Repeatable. Where the
 * run does not have them any more, which the plan promised, that is a finding: the machine makes itself new ones.
 */
export async function putVariables(
  { client, details, run, plan }: RestoreScope,
  { configFile }: FoundMachine,
  call: Call | undefined,
): Promise<readonly Finding[]> {
  if (!details.machine.variables) return [];
  const artifact = run.artifacts?.find(({ name }) => name === 'nvram');
  if (artifact === undefined) return [MISSING];
  const bytes = await artifact.bytes(call);
  const place = parseDatastorePath(`${folderOf(configFile)}/${variablesFile(plan.id)}`);
  const file = { ...place, datacenter: details.datacenterPath };
  const upload = uploadFile(client, file, bytes.byteLength);
  try {
    await upload.send(bytes);
    await upload.finish();
  } catch (error) {
    await upload.abandon();
    throw error;
  }
  return [];
}

const MISSING: Finding = {
  severity: 'warning',
  code: 'nvram-lost',
  message: 'the UEFI variables of the point were not given again: the machine starts with new ones',
};

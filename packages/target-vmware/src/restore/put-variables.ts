import type { Call, Finding } from '@sendense/core';
import {
  isVariableStore,
  parseDatastorePath,
  readProperties,
  uploadFile,
  type VimClient,
} from '@sendense/platform-vmware';
import { childrenOf, textOf } from '@sendense/plugin-kit/xml';
import { type FoundMachine, folderOf } from './find-machines.ts';
import type { RestoreScope } from './restore-scope.ts';

/** The file of the UEFI variables in the folder of a machine: called after the plan, so that none is ever replaced. */
export function variablesFile(plan: RestoreScope['plan']['id']): string {
  return `${plan}.nvram`;
}

/**
 * Puts the UEFI variables of the point beside the machine that was made, whose configuration names their file. Repeatable. Where it does
 * not, for want of a right, or the run does not have them any more, which the plan promised, that is a finding: the machine makes
 * itself new ones.
 */
export async function putVariables(
  { client, details, run, plan }: RestoreScope,
  made: FoundMachine,
  call: Call | undefined,
): Promise<readonly Finding[]> {
  if (!details.machine.variables) return [];
  if (!(await namesVariables(client, made, variablesFile(plan.id), call))) return [NOT_NAMED];
  const artifact = run.artifacts?.find(({ name }) => name === 'nvram');
  if (artifact === undefined) return [MISSING];
  const bytes = await artifact.bytes(call);
  // plans of before promise them unseen
  if (!isVariableStore(bytes)) return [NOT_PLAIN];
  const place = parseDatastorePath(`${folderOf(made.configFile)}/${variablesFile(plan.id)}`);
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

async function namesVariables(
  client: VimClient,
  { object }: FoundMachine,
  file: string,
  call: Call | undefined,
): Promise<boolean> {
  const paths = { type: object.type, paths: ['config.extraConfig'] };
  const [found] = await readProperties(client, [object], paths, call);
  const settings = childrenOf(found?.values.get('config.extraConfig'), 'OptionValue');
  return settings.some((setting) => textOf(setting, 'key') === 'nvram' && textOf(setting, 'value') === file);
}

const NOT_NAMED: Finding = {
  severity: 'warning',
  code: 'nvram-lost',
  message:
    'the machine starts with new UEFI variables: the user lacks VirtualMachine.Config.AdvancedConfig, by which those of the point are put in place',
};

const MISSING: Finding = {
  severity: 'warning',
  code: 'nvram-lost',
  message: 'the UEFI variables of the point were not given again: the machine starts with new ones',
};

const NOT_PLAIN: Finding = {
  severity: 'warning',
  code: 'nvram-lost',
  message:
    'the UEFI variables of the point are encrypted, or of an unknown form: the machine starts with new ones',
};

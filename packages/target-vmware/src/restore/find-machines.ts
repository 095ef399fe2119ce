import { createHash } from 'node:crypto';
import type { Call, PlanId } from '@sendense/core';
import {
  isGone,
  listObjects,
  type ManagedObject,
  type ObjectProperties,
  readProperties,
  type VimClient,
} from '@sendense/platform-vmware';
import { type PlanMark, readMark } from '../design/plan-mark.ts';

/** A machine of a folder. */
export type FoundMachine = {
  readonly object: ManagedObject;
  readonly name: string;
  readonly isOff: boolean;
  /** What its notes say of the restore that made it. */
  readonly mark: PlanMark | undefined;
  /** `[datastore] folder/name.vmx` */
  readonly configFile: string;
  /** As references name it. */
  readonly instanceUuid: string | undefined;
  /** Digest of its notes and of `config.changeVersion`, which the server changes with its configuration. */
  readonly state: string;
};

const PATHS = [
  'name',
  'parent',
  'runtime.powerState',
  'config.annotation',
  'config.files.vmPathName',
  'config.instanceUuid',
  'config.changeVersion',
] as const;

/** The machines in a folder, not in those below it. */
export async function machinesIn(
  client: VimClient,
  folder: ManagedObject,
  call?: Call,
): Promise<readonly FoundMachine[]> {
  const found = await listObjects(client, folder, { type: 'VirtualMachine', paths: PATHS }, call);
  return found.filter(({ values }) => values.get('parent')?.text === folder.id).map(parseMachine);
}

/** The machine of an id, wherever it is now and whatever it is called; `undefined` when it is gone. */
export async function machineOfId(
  client: VimClient,
  id: string,
  call?: Call,
): Promise<FoundMachine | undefined> {
  const object = { type: 'VirtualMachine', id };
  try {
    const [found] = await readProperties(client, [object], { type: object.type, paths: PATHS }, call);
    return found === undefined ? undefined : parseMachine(found);
  } catch (error) {
    if (isGone(error, object)) return undefined;
    throw error;
  }
}

function parseMachine({ object, values }: ObjectProperties): FoundMachine {
  const notes = values.get('config.annotation')?.text;
  return {
    object,
    name: decode(values.get('name')?.text ?? object.id),
    isOff: values.get('runtime.powerState')?.text === 'poweredOff',
    mark: readMark(notes),
    configFile: values.get('config.files.vmPathName')?.text ?? '',
    instanceUuid: values.get('config.instanceUuid')?.text || undefined,
    state: stateOf(notes ?? '', values.get('config.changeVersion')?.text ?? ''),
  };
}

/** 32 hexadecimal digits; constant for ever. */
function stateOf(notes: string, changeVersion: string): string {
  const text = JSON.stringify([notes, changeVersion]);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** Names of vSphere hold some characters encoded. */
function decode(name: string): string {
  return name.replaceAll(/%2f/gi, '/').replaceAll(/%5c/gi, '\\').replaceAll(/%25/g, '%');
}

/** Name of the machine that holds disk `number` of a plan until the commit. */
export function carrierName(plan: PlanId, number: number): string {
  return `${plan}-disk-${number}`;
}

/** Folder of a machine on its datastore, `[datastore] folder`; empty for one that has none. */
export function folderOf(configFile: string): string {
  const end = configFile.lastIndexOf('/');
  return end < 0 ? '' : configFile.slice(0, end);
}

import { type Call, SendenseError } from '@sendense/core';
import { type ListOptions, listObjects, readProperties } from '../properties/read-properties.ts';
import type { VimClient } from '../session/vim-client.ts';
import type { ManagedObject } from '../soap/vim-value.ts';
import { MACHINE_PATHS } from './machine-properties.ts';
import { decodeName, parseMachine, powerOf, type VimMachine, type VimPower } from './parse-machine.ts';
import { type Names, readNames } from './read-names.ts';

/** A line of an inventory. */
export type VimMachineSummary = {
  readonly object: ManagedObject;
  readonly name: string;
  readonly power: VimPower;
  readonly instanceUuid: string | undefined;
  readonly template: boolean;
};

const SUMMARY_PATHS = ['name', 'runtime.powerState', 'config.instanceUuid', 'config.template'] as const;

/** All machines that the user may see, templates among them, by name. */
export async function listMachines(
  client: VimClient,
  options: ListOptions = {},
): Promise<VimMachineSummary[]> {
  const type = { type: 'VirtualMachine', paths: SUMMARY_PATHS };
  const found = await listObjects(client, client.content.rootFolder, type, options);
  const machines = found.map(({ object, values }) => ({
    object,
    name: decodeName(values.get('name')?.text || object.id),
    power: powerOf(values.get('runtime.powerState')?.text),
    instanceUuid: values.get('config.instanceUuid')?.text || undefined,
    template: values.get('config.template')?.text === 'true',
  }));
  return machines.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** A machine with the names of what it is in and connected to. */
export type DescribedMachine = { readonly machine: VimMachine; readonly names: Names };

/** Reads one machine. Rejects with `NOT_FOUND`. */
export async function describeMachine(
  client: VimClient,
  object: ManagedObject,
  call?: Call,
): Promise<DescribedMachine> {
  const [found] = await readProperties(
    client,
    [object],
    { type: 'VirtualMachine', paths: MACHINE_PATHS },
    call,
  );
  if (found === undefined) {
    throw new SendenseError('NOT_FOUND', `the machine ${object.id} is not there`, {
      operation: 'describe-machine',
      context: { machine: object.id },
    });
  }
  const machine = parseMachine(found);
  const { folder, pool, host, disks, nics } = machine;
  const places = [
    folder,
    pool,
    host,
    ...disks.map((disk) => disk.datastore),
    ...nics.map((nic) => nic.network),
  ];
  return { machine, names: await readNames(client, places, call) };
}

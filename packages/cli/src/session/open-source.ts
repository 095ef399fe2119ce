import { resolve } from 'node:path';
import {
  type MachineKey,
  type MachineSummary,
  machineKey,
  machineKeyOf,
  SendenseError,
  type SourceConnector,
} from '@sendense/core';
import { createImageSource } from '@sendense/source-image';
import { unknownKind } from '../names/parse-name.ts';
import { findPlace, unknownName } from './named-places.ts';
import type { Session } from './session.ts';

/** An open source and the machine of it that was chosen. */
export type OpenSource = {
  readonly source: SourceConnector;
  readonly machine: MachineSummary;
  readonly key: MachineKey;
};

/** Flags that go with a source. */
export type SourceFlags = { readonly machineId?: string; readonly parents?: readonly string[] };

type ImagePlace = { readonly path: string; readonly machineId: string | undefined; readonly options: object };

function imagePlace(session: Session, name: string, flags: SourceFlags): ImagePlace {
  const { inline, settings } = findPlace(session.config, 'source', name);
  if (inline === undefined) throw unknownName(session.config, 'source', name);
  if (inline.kind !== 'image') throw unknownKind('source', inline.kind, ['image']);
  const folders = (flags.parents ?? settings?.parents)?.map((folder) => absolute(session, folder));
  const machineId = flags.machineId ?? settings?.machineId;
  return {
    path: absolute(session, inline.rest),
    machineId,
    options: {
      ...(settings?.format === undefined ? {} : { format: settings.format }),
      ...(settings?.machineName === undefined ? {} : { name: settings.machineName }),
      ...(machineId === undefined ? {} : { machineId }),
      ...(folders === undefined ? {} : { parents: { folders } }),
    },
  };
}

function absolute(session: Session, path: string): string {
  return resolve(session.host.workingDirectory, path);
}

function unknownMachine(wanted: string, machines: readonly MachineSummary[]): SendenseError {
  const names = machines.map(({ name }) => name).join(', ');
  return new SendenseError('NOT_FOUND', `the source has no machine ${JSON.stringify(wanted)}`, {
    operation: 'find-machine',
    remedy: names === '' ? 'the source has no machines' : `name one of: ${names}`,
  });
}

/** The machine that `wanted` (name, key or the platform's id) means; without it, the only one there is. */
export function chooseMachine(
  machines: readonly MachineSummary[],
  wanted: string | undefined,
  keyOf: (machine: MachineSummary) => MachineKey,
): MachineSummary {
  const means = (machine: MachineSummary) =>
    [machine.name, machine.machine.id, keyOf(machine)].some((text) => text === wanted);
  const found = wanted === undefined ? machines : machines.filter(means);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  if (only === undefined) throw unknownMachine(wanted ?? '', machines);
  throw new SendenseError('CONFIG_INVALID', `the source has ${found.length} machines that fit`, {
    operation: 'find-machine',
    remedy: `add --machine with one of: ${found.map((machine) => `${machine.name} (${keyOf(machine)})`).join(', ')}`,
  });
}

/** Opens the source that `name` stands for, and finds its machine `wanted`. */
export async function openSource(
  session: Session,
  name: string,
  flags: SourceFlags,
  wanted: string | undefined,
): Promise<OpenSource> {
  const place = imagePlace(session, name, flags);
  const source = session.own(
    createImageSource({ path: place.path, ...place.options }, await session.services()),
  );
  const machines: MachineSummary[] = [];
  for await (const machine of source.machines(undefined, session.call)) machines.push(machine);
  const keyOf = ({ machine }: MachineSummary) =>
    place.machineId === undefined ? machineKeyOf(machine) : machineKey(place.machineId);
  // an entry of the configuration may be called by its name there
  const asked = wanted === name ? undefined : wanted;
  const machine = chooseMachine(machines, asked, keyOf);
  return { source, machine, key: keyOf(machine) };
}

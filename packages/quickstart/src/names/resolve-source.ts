import { resolve } from 'node:path';
import {
  type Call,
  type MachineKey,
  type MachineSummary,
  machineKey,
  machineKeyOf,
  type PluginServices,
  SendenseError,
  type SourceConnector,
} from '@sendense/core';
import { createImageSource, type ImageSourceOptions } from '@sendense/source-image';
import { placeOf } from './place-name.ts';

/** How a source's name is understood. */
export type ResolveSourceOptions = {
  /** Relative paths start here; default the working directory of the process. */
  readonly workingDirectory?: string;
  /** Identity of an image's machine (a UUID); default derived from the real path. */
  readonly machineId?: string;
  /** Which machine of the source: its name, key or platform id. Needed where there are several. */
  readonly machine?: string;
  /** Name of an image's machine for people; default the name of its file or folder. */
  readonly name?: string;
  readonly format?: ImageSourceOptions['format'];
  /** Folders from which backing files may be opened; default none. */
  readonly parents?: readonly string[];
};

/** An open source, the machine that was meant, and its identity in repositories. */
export type ResolvedSource = {
  readonly source: SourceConnector;
  readonly machine: MachineSummary;
  readonly machineKey: MachineKey;
};

/** Opens the source that a name stands for: `image:PATH`. The caller disposes it. */
export async function resolveSource(
  name: string,
  options: ResolveSourceOptions = {},
  services: Partial<Pick<PluginServices, 'clock' | 'random' | 'drivers'>> = {},
  call: Call = {},
): Promise<ResolvedSource> {
  const base = options.workingDirectory ?? process.cwd();
  const path = resolve(base, placeOf('source', name, ['image']));
  const { machineId, name: machineName, format, parents } = options;
  const folders = parents?.map((folder) => resolve(base, folder));
  const source = createImageSource(
    {
      path,
      ...(machineId !== undefined && { machineId: machineKey(machineId) }),
      ...(machineName !== undefined && { name: machineName }),
      ...(format !== undefined && { format }),
      ...(folders !== undefined && { parents: { folders } }),
    },
    services,
  );
  const keyOf = ({ machine }: MachineSummary): MachineKey =>
    machineId === undefined ? machineKeyOf(machine) : machineKey(machineId);
  const machine = await chooseMachine(source, options.machine, keyOf, call);
  return { source, machine, machineKey: keyOf(machine) };
}

async function chooseMachine(
  source: SourceConnector,
  wanted: string | undefined,
  keyOf: (machine: MachineSummary) => MachineKey,
  call: Call,
): Promise<MachineSummary> {
  const all: MachineSummary[] = [];
  for await (const machine of source.machines(undefined, call)) all.push(machine);
  const found = all.filter(
    (machine) => wanted === undefined || [machine.name, machine.machine.id, keyOf(machine)].includes(wanted),
  );
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  throw new SendenseError(
    only === undefined ? 'NOT_FOUND' : 'CONFIG_INVALID',
    only === undefined
      ? `the source has no such machine: ${wanted ?? 'it is empty'}`
      : `${found.length} machines fit`,
    { operation: 'find-machine', remedy: `name one of: ${all.map(({ name }) => name).join(', ')}` },
  );
}

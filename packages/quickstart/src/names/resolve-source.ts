import { resolve } from 'node:path';
import {
  type Call,
  type MachineKey,
  type MachineRef,
  type MachineSummary,
  machineKey,
  machineKeyOf,
  type PluginServices,
  SendenseError,
  type SourceConnector,
} from '@sendense/core';
import { createImageSource, type ImageSourceOptions } from '@sendense/source-image';
import { createQemuSource } from '@sendense/source-qemu';
import { parsePlaceName, placeOf } from './place-name.ts';

/** How a source's name is understood. */
export type ResolveSourceOptions = {
  /** Relative paths start here; default the working directory of the process. */
  readonly workingDirectory?: string;
  /** Identity of the machine (a UUID); default of an image derived from its real path, of QEMU its own UUID. */
  readonly machineId?: string;
  /** Which machine of the source: its name, key or platform id. Needed where there are several. */
  readonly machine?: string;
  /** Name of the machine for people; default of an image the name of its file or folder, of QEMU its own. */
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

/** What a source takes from its host. */
export type SourceServices = Partial<
  Pick<PluginServices, 'clock' | 'random' | 'drivers' | 'log' | 'temporaryDirectory'>
>;

type OpenedSource = {
  readonly source: SourceConnector;
  /** Identity in repositories of a machine that was not given one. */
  readonly keyOf: (machine: MachineRef) => MachineKey;
};

type Opener = (path: string, options: ResolveSourceOptions, services: SourceServices) => OpenedSource;

const openers: Readonly<Record<'image' | 'qemu', Opener>> = {
  image(path, { machineId, name, format, parents, workingDirectory = process.cwd() }, services) {
    const folders = parents?.map((folder) => resolve(workingDirectory, folder));
    const source = createImageSource(
      {
        path,
        ...(machineId !== undefined && { machineId: machineKey(machineId) }),
        ...(name !== undefined && { name }),
        ...(format !== undefined && { format }),
        ...(folders !== undefined && { parents: { folders } }),
      },
      services,
    );
    return { source, keyOf: machineKeyOf };
  },
  qemu(path, { machineId, name, format, parents }, services) {
    if ((format ?? parents) !== undefined) throw notOfRunning();
    const source = createQemuSource(
      {
        qmp: path,
        ...(machineId !== undefined && { machineId: machineKey(machineId) }),
        ...(name !== undefined && { name }),
      },
      services,
    );
    // QEMU's own UUID is the machine's identity
    return { source, keyOf: ({ id }) => machineKey(id) };
  },
};

function notOfRunning(): SendenseError {
  return new SendenseError('CONFIG_INVALID', 'format and parents belong to image sources', {
    operation: 'open-source',
    remedy: 'leave them out: a running QEMU knows its images',
  });
}

/** Kinds of sources that are installed. */
const SOURCE_KINDS: readonly string[] = Object.keys(openers);

function openerOf(kind: string | null): Opener {
  return kind === 'qemu' ? openers.qemu : openers.image;
}

/** Opens the source that a name stands for: `image:PATH` or `qemu:QMP-SOCKET`. The caller disposes it. */
export async function resolveSource(
  name: string,
  options: ResolveSourceOptions = {},
  services: SourceServices = {},
  call: Call = {},
): Promise<ResolvedSource> {
  const { workingDirectory = process.cwd(), machineId } = options;
  const path = resolve(workingDirectory, placeOf('source', name, SOURCE_KINDS));
  const open = openerOf(parsePlaceName('source', name).kind);
  const opened = open(path, options, services);
  const keyOf = ({ machine }: MachineSummary): MachineKey =>
    machineId === undefined ? opened.keyOf(machine) : machineKey(machineId);
  const { source } = opened;
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

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
import { processEnvironment } from '@sendense/plugin-kit';
import { createImageSource, type ImageSourceOptions } from '@sendense/source-image';
import type { VmwareSettings } from '@sendense/source-vmware/settings';
import { parseLibvirtSourcePlace } from './libvirt-source-place.ts';
import { openVmwareSource } from './open-vmware-source.ts';
import { parsePlaceName, placeOf } from './place-name.ts';
import { type AskVmwareAccount, createAskVmwareAccount } from './vmware-account.ts';
import { parseVmwarePlace } from './vmware-place.ts';

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
  /** Who logs in at a vCenter or ESXi. Default: the variables `SENDENSE_VMWARE_…`. */
  readonly vmwareAccount?: AskVmwareAccount;
  /** How machines of a vCenter or ESXi are tracked and read. A relative `vddk.libdir` starts at `workingDirectory`. */
  readonly vmware?: VmwareSettings;
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
  /** Finds the machine that is meant; default: the one of that name, key or platform id, or the only one. */
  readonly choose?: (wanted: string | undefined, call: Call) => Promise<MachineSummary>;
};

/** Opens what stands behind the kind of a name. The package of a platform is loaded when one of its machines is named. */
type Opener = (
  rest: string,
  options: ResolveSourceOptions,
  services: SourceServices,
) => OpenedSource | Promise<OpenedSource>;

const openers: Readonly<Record<'image' | 'libvirt' | 'qemu' | 'vmware', Opener>> = {
  image(rest, { machineId, name, format, parents, workingDirectory = process.cwd() }, services) {
    const folders = parents?.map((folder) => resolve(workingDirectory, folder));
    const source = createImageSource(
      {
        path: resolve(workingDirectory, rest),
        ...(machineId !== undefined && { machineId: machineKey(machineId) }),
        ...(name !== undefined && { name }),
        ...(format !== undefined && { format }),
        ...(folders !== undefined && { parents: { folders } }),
      },
      services,
    );
    return { source, keyOf: machineKeyOf };
  },
  async libvirt(rest, options, services) {
    const { createQemuSource } = await import('@sendense/source-qemu');
    const place = parseLibvirtSourcePlace(rest, options.workingDirectory ?? process.cwd());
    const source = createQemuSource({ ...place, ...liveOptions(options) }, services);
    return { source, keyOf: ({ id }) => machineKey(id) };
  },
  async qemu(rest, options, services) {
    const { createQemuSource } = await import('@sendense/source-qemu');
    const qmp = resolve(options.workingDirectory ?? process.cwd(), rest);
    const source = createQemuSource({ qmp, ...liveOptions(options) }, services);
    // QEMU's own UUID is the machine's identity
    return { source, keyOf: ({ id }) => machineKey(id) };
  },
  async vmware(rest, { format, parents, name, ...options }, services) {
    if ((format ?? parents ?? name) !== undefined) throw notOfVmware();
    const { workingDirectory = process.cwd(), vmwareAccount, vmware = {} } = options;
    const account = vmwareAccount ?? createAskVmwareAccount(processEnvironment(), { workingDirectory });
    const settings = withLibdir(vmware, workingDirectory);
    const opened = await openVmwareSource(parseVmwarePlace(rest), account, settings, services);
    return { ...opened, keyOf: machineKeyOf };
  },
};

/** What a name can say of any running machine. */
function liveOptions({ machineId, name, format, parents }: ResolveSourceOptions) {
  if ((format ?? parents) !== undefined) throw notOfRunning();
  return {
    ...(machineId !== undefined && { machineId: machineKey(machineId) }),
    ...(name !== undefined && { name }),
  };
}

function withLibdir({ vddk, ...settings }: VmwareSettings, workingDirectory: string): VmwareSettings {
  if (vddk === undefined) return settings;
  return { ...settings, vddk: { ...vddk, libdir: resolve(workingDirectory, vddk.libdir) } };
}

function ofVmwareOnly(name: string): SendenseError {
  return new SendenseError('CONFIG_INVALID', `"vmware" is of sources of vCenter and ESXi, not of ${name}`, {
    operation: 'open-source',
    remedy: 'leave it out',
  });
}

function notOfRunning(): SendenseError {
  return new SendenseError('CONFIG_INVALID', 'format and parents belong to image sources', {
    operation: 'open-source',
    remedy: 'leave them out: a running machine knows its images',
  });
}

function notOfVmware(): SendenseError {
  return new SendenseError('CONFIG_INVALID', 'format, parents and a name belong to image sources', {
    operation: 'open-source',
    remedy: 'leave them out: vSphere knows the machine and its disks',
  });
}

/** Kinds of sources that are installed. */
const SOURCE_KINDS: readonly string[] = Object.keys(openers);

function openerOf(kind: string | null): Opener {
  return kind === 'qemu' || kind === 'libvirt' || kind === 'vmware' ? openers[kind] : openers.image;
}

/**
 * Opens the source that a name stands for: `image:PATH`, `qemu:QMP-SOCKET`, `libvirt:DOMAIN` (with `?uri=` and `&scratch=`), or
 * `vmware://HOST/MACHINE` (with `?dc=` and `&ds=`); and finds its machine. The caller disposes it.
 */
export async function resolveSource(
  name: string,
  options: ResolveSourceOptions = {},
  services: SourceServices = {},
  call: Call = {},
): Promise<ResolvedSource> {
  const { machineId } = options;
  const opened = await openNamed(name, options, services);
  const keyOf = ({ machine }: MachineSummary): MachineKey =>
    machineId === undefined ? opened.keyOf(machine) : machineKey(machineId);
  const { source, choose } = opened;
  try {
    const machine = await (choose === undefined
      ? chooseMachine(source, options.machine, keyOf, call)
      : choose(options.machine, call));
    return { source, machine, machineKey: keyOf(machine) };
  } catch (error) {
    await source[Symbol.asyncDispose](); // it may hold a connection, which would keep the process alive
    throw error;
  }
}

/** Opens the source that a name stands for, whatever machines it has: a vCenter may be named alone. The caller disposes it. */
export async function resolveConnector(
  name: string,
  options: ResolveSourceOptions = {},
  services: SourceServices = {},
): Promise<SourceConnector> {
  return (await openNamed(name, options, services)).source;
}

async function openNamed(
  name: string,
  options: ResolveSourceOptions,
  services: SourceServices,
): Promise<OpenedSource> {
  const rest = placeOf('source', name, SOURCE_KINDS);
  const { kind } = parsePlaceName('source', name);
  if (options.vmware !== undefined && kind !== 'vmware') throw ofVmwareOnly(name);
  return openerOf(kind)(rest, options, services);
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

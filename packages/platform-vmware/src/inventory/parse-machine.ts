import type { ObjectProperties } from '../properties/object-properties.ts';
import { parseSnapshotTree, type VimSnapshotTree } from '../snapshot/snapshot-tree.ts';
import { flagIn, integerIn, managedObjectOf } from '../soap/read-element.ts';
import type { ManagedObject } from '../soap/vim-value.ts';
import { parseDevices, type VimDevices } from './parse-devices.ts';

/** Whether a machine runs. */
export type VimPower = 'on' | 'off' | 'suspended' | 'unknown';

/** A machine as vSphere has it. What the user may not see is `undefined`, and its path stands in `missing`. */
export type VimMachine = VimDevices & {
  readonly object: ManagedObject;
  readonly name: string;
  readonly power: VimPower;
  readonly template: boolean;
  /** Of the BIOS: two machines can have the same. */
  readonly uuid: string | undefined;
  /** Unique within a vCenter. */
  readonly instanceUuid: string | undefined;
  /** Version of the virtual hardware, e.g. 19 of `vmx-19`. */
  readonly hardwareVersion: number | undefined;
  readonly firmware: 'bios' | 'efi' | undefined;
  readonly secureBoot: boolean;
  readonly guestId: string | undefined;
  readonly guestName: string | undefined;
  readonly cpus: number | undefined;
  readonly coresPerSocket: number | undefined;
  readonly memoryMib: number | undefined;
  /** `[datastore] folder/name.vmx` */
  readonly configFile: string | undefined;
  readonly changeTracking: { readonly supported: boolean; readonly enabled: boolean };
  readonly consolidationNeeded: boolean;
  readonly snapshots: VimSnapshotTree;
  readonly folder: ManagedObject | undefined;
  readonly pool: ManagedObject | undefined;
  readonly host: ManagedObject | undefined;
  readonly missing: readonly string[];
};

const POWER: Readonly<Record<string, VimPower>> = {
  poweredOn: 'on',
  poweredOff: 'off',
  suspended: 'suspended',
};

/** Names of vSphere hold `/`, `\` and `%` as `%2f`, `%5c` and `%25`. */
export function decodeName(text: string): string {
  return text.replaceAll(/%(2f|5c|25)/gi, (_whole, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}

/** Whether a machine runs, out of `runtime.powerState`. */
export function powerOf(text: string | undefined): VimPower {
  return POWER[text ?? ''] ?? 'unknown';
}

/** The machine of properties that were read by `MACHINE_PATHS`. */
export function parseMachine({ object, values, missing }: ObjectProperties): VimMachine {
  const text = (path: string) => values.get(path)?.text || undefined;
  const isTrue = (path: string) => text(path) === 'true';
  const hardware = values.get('config.hardware');
  const firmware = text('config.firmware');
  const version = /^vmx-(\d{1,3})$/.exec(text('config.version') ?? '')?.[1];
  return {
    object,
    name: decodeName(text('name') ?? object.id),
    power: powerOf(text('runtime.powerState')),
    template: isTrue('config.template'),
    uuid: text('config.uuid'),
    instanceUuid: text('config.instanceUuid'),
    hardwareVersion: version === undefined ? undefined : Number(version),
    firmware: firmware === 'bios' || firmware === 'efi' ? firmware : undefined,
    secureBoot: flagIn(values.get('config.bootOptions'), 'efiSecureBootEnabled'),
    guestId: text('config.guestId'),
    guestName: text('config.guestFullName'),
    cpus: integerIn(hardware, 'numCPU'),
    coresPerSocket: integerIn(hardware, 'numCoresPerSocket'),
    memoryMib: integerIn(hardware, 'memoryMB'),
    configFile: text('config.files.vmPathName'),
    changeTracking: {
      supported: isTrue('capability.changeTrackingSupported'),
      enabled: isTrue('config.changeTrackingEnabled'),
    },
    consolidationNeeded: isTrue('runtime.consolidationNeeded'),
    snapshots: parseSnapshotTree(values.get('snapshot')),
    folder: managedObjectOf(values.get('parent')),
    pool: managedObjectOf(values.get('resourcePool')),
    host: managedObjectOf(values.get('runtime.host')),
    missing,
    ...parseDevices(hardware),
  };
}

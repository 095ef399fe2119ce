import { type VimObject, vimObject } from '@sendense/platform-vmware';
import { addressType } from './card-address.ts';
import { CARDS, type CardDesign, CONTROLLERS, type DiskSeat, type MachineDesign } from './machine-design.ts';

/** Who a machine is. */
export type MachineIdentity = {
  readonly name: string;
  readonly annotation: string;
  readonly datastore: string;
  /** Name of the file of its UEFI variables in its folder; the server chooses one without. */
  readonly variables?: string;
};

/** Keys of new devices are negative; the server gives others. */
const FIRST_KEY = { controller: -100, disk: -200, card: -400 } as const;

function add(device: VimObject, fileOperation?: 'create'): VimObject {
  return vimObject([
    ['operation', 'add'],
    ['fileOperation', fileOperation],
    ['device', device],
  ]);
}

/** A disk that is made, or of a file that is there. */
export type DiskDevice = {
  /** `[datastore] folder/name.vmdk`; `undefined` for one that is made. */
  readonly file: string | undefined;
  readonly sizeBytes: number;
  readonly provisioning: 'thin' | 'thick';
  readonly controllerKey: number;
  readonly unit: number;
};

function diskDevice(disk: DiskDevice, index: number): VimObject {
  const { file, sizeBytes, provisioning, controllerKey, unit } = disk;
  const backing = vimObject(
    [
      ['fileName', file ?? ''],
      ['diskMode', 'persistent'],
      ['thinProvisioned', file === undefined ? provisioning === 'thin' : undefined],
    ],
    'VirtualDiskFlatVer2BackingInfo',
  );
  return vimObject(
    [
      ['key', FIRST_KEY.disk - index],
      ['backing', backing],
      ['controllerKey', controllerKey],
      ['unitNumber', unit],
      ['capacityInKB', sizeBytes / 1024],
      ['capacityInBytes', sizeBytes],
    ],
    'VirtualDisk',
  );
}

function controllerDevice(controller: DiskSeat['controller'], bus: number, key: number): VimObject {
  const isScsi = controller === 'pvscsi' || controller === 'lsilogic-sas' || controller === 'lsilogic';
  return vimObject(
    [['key', key], ['busNumber', bus], ...(isScsi ? ([['sharedBus', 'noSharing']] as const) : [])],
    CONTROLLERS[controller],
  );
}

/** The keys of the IDE controllers that each machine has from the start. */
const IDE_KEY = 200;

/** The changes that put disks on controllers, which are made too. */
export function diskChanges(
  disks: readonly (Pick<DiskDevice, 'file' | 'sizeBytes' | 'provisioning'> & { readonly seat: DiskSeat })[],
): VimObject[] {
  const keys = new Map<string, number>();
  const controllers: VimObject[] = [];
  for (const { seat } of disks) {
    const name = `${seat.controller}${seat.bus}`;
    if (keys.has(name)) continue;
    if (seat.controller === 'ide') {
      keys.set(name, IDE_KEY + seat.bus);
      continue;
    }
    const key = FIRST_KEY.controller - keys.size;
    keys.set(name, key);
    controllers.push(add(controllerDevice(seat.controller, seat.bus, key)));
  }
  const devices = disks.map(({ seat, ...disk }, index) => {
    const controllerKey = keys.get(`${seat.controller}${seat.bus}`) ?? FIRST_KEY.controller;
    const device = diskDevice({ ...disk, controllerKey, unit: seat.unit }, index);
    return add(device, disk.file === undefined ? 'create' : undefined);
  });
  return [...controllers, ...devices];
}

function cardDevice({ type, macAddress, connected, network }: CardDesign, index: number): VimObject {
  const { distributed, name, id } = network;
  const backing =
    distributed === null
      ? vimObject(
          [
            ['deviceName', name],
            ['network', { type: network.type, id }],
          ],
          'VirtualEthernetCardNetworkBackingInfo',
        )
      : vimObject(
          [
            [
              'port',
              vimObject([
                ['switchUuid', distributed.switchUuid],
                ['portgroupKey', distributed.portgroupKey],
              ]),
            ],
          ],
          'VirtualEthernetCardDistributedVirtualPortBackingInfo',
        );
  const connectable = vimObject([
    ['startConnected', connected],
    ['allowGuestControl', true],
    ['connected', connected],
  ]);
  return vimObject(
    [
      ['key', FIRST_KEY.card - index],
      ['backing', backing],
      ['connectable', connectable],
      ['addressType', addressType(macAddress)],
      ['macAddress', macAddress ?? undefined],
    ],
    CARDS[type],
  );
}

/** The `VirtualMachineConfigSpec` of a machine, whose disks come later. Fields in the order of the WSDL. */
export function machineSpecification(
  { name, annotation, datastore, variables }: MachineIdentity,
  { guestId, cpus, coresPerSocket, memoryMib, firmware, secureBoot, cards }: MachineDesign,
): VimObject {
  return vimObject([
    ['name', name],
    ['guestId', guestId],
    ['annotation', annotation],
    ['files', vimObject([['vmPathName', `[${datastore}]`]])],
    ['numCPUs', cpus],
    ['numCoresPerSocket', coresPerSocket],
    ['memoryMB', memoryMib],
    ['deviceChange', cards.map((card, index) => add(cardDevice(card, index)))],
    [
      'extraConfig',
      variables === undefined
        ? undefined
        : vimObject(
            [
              ['key', 'nvram'],
              ['value', { xsiType: 'xsd:string', text: variables }],
            ],
            'OptionValue',
          ),
    ],
    ['bootOptions', firmware === 'efi' ? vimObject([['efiSecureBootEnabled', secureBoot]]) : undefined],
    ['firmware', firmware],
  ]);
}

/** The smallest machine that holds a disk while it is sent, or the folder of one. */
export function carrierSpecification(
  { name, annotation, datastore }: MachineIdentity,
  disk: Pick<DiskDevice, 'sizeBytes' | 'provisioning'> | undefined,
): VimObject {
  const seat = { controller: 'lsilogic', bus: 0, unit: 0 } as const;
  return vimObject([
    ['name', name],
    ['guestId', 'otherGuest64'],
    ['annotation', annotation],
    ['files', vimObject([['vmPathName', `[${datastore}]`]])],
    ['numCPUs', 1],
    ['memoryMB', 64],
    ['deviceChange', disk === undefined ? [] : diskChanges([{ ...disk, file: undefined, seat }])],
  ]);
}

/** What the configuration of a machine becomes. */
export function changeOf(fields: {
  readonly annotation?: string;
  readonly devices?: readonly VimObject[];
}): VimObject {
  return vimObject([
    ['annotation', fields.annotation],
    ['deviceChange', fields.devices ?? []],
  ]);
}

/** Takes a disk off a machine; its files stay. */
export function removal(key: number): VimObject {
  return vimObject([
    ['operation', 'remove'],
    [
      'device',
      vimObject(
        [
          ['key', key],
          ['capacityInKB', 0],
        ],
        'VirtualDisk',
      ),
    ],
  ]);
}

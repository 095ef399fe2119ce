import { machineSpecSchema } from '@sendense/core';
import { childOf } from '@sendense/plugin-kit/xml';
import { describe, expect, it } from 'vitest';
import { MACHINE_REPLY } from '../../test/support/replies.ts';
import { parseObjectContents } from '../properties/object-properties.ts';
import { decodeReply } from '../soap/envelope.ts';
import { itemsOf } from '../soap/read-element.ts';
import { machineSpecOf } from './machine-spec.ts';
import { parseMachine, type VimMachine } from './parse-machine.ts';
import type { Names } from './read-names.ts';

const NAMES: Names = {
  name: (object) => ({ 'dvportgroup-7': 'front', 'host-9': 'esx-1' })[object?.id ?? ''],
  path: () => undefined,
};

function recordedMachine(): VimMachine {
  const reply = decodeReply(MACHINE_REPLY, 'RetrievePropertiesEx');
  if (reply.kind === 'fault') throw new Error(reply.fault.name);
  const [found] = parseObjectContents(itemsOf(childOf(reply.response, 'returnval'), 'objects'));
  if (found === undefined) throw new Error('no object');
  return parseMachine(found);
}

describe('a recorded machine of vCenter', () => {
  const machine = recordedMachine();

  it('has its name decoded, and tells what the user may not see', () => {
    expect(machine).toMatchObject({
      name: 'web/1 & co',
      power: 'on',
      hardwareVersion: 19,
      missing: ['resourcePool'],
    });
    expect(machine.changeTracking).toEqual({ supported: true, enabled: false });
  });

  it('has its disks with what decides whether they can be backed up', () => {
    expect(machine.disks).toMatchObject([
      {
        key: 2016,
        backing: 'VirtualDiskFlatVer2',
        fileName: '[vmfs 1] web/web-000001.vmdk',
        datastore: { type: 'Datastore', id: 'datastore-11' },
        changeId: '52 de c0/17',
        thin: true,
        shared: false,
      },
      { key: 32000, backing: 'VirtualDiskRawDiskMappingVer1', mode: 'independent_persistent', shared: true },
    ]);
  });

  it('is a neutral machine', () => {
    const spec = machineSpecOf(machine, NAMES);
    expect(machineSpecSchema.parse(spec)).toEqual(spec);
    expect(spec).toMatchObject({
      firmware: 'uefi-secure',
      architecture: 'x86_64',
      cpu: { sockets: 3, coresPerSocket: 2, threadsPerCore: 1 },
      memoryBytes: 8192 * 2 ** 20,
      guest: { family: 'windows' },
      tpm: true,
      placement: { host: 'esx-1' },
      disks: [
        { id: '6000C296-0001', slot: { bus: 'scsi', controller: 1, unit: 3 }, sizeBytes: 40 * 2 ** 30 },
        { id: '6000C296-0002', slot: { bus: 'nvme', controller: 0, unit: 0 }, sizeBytes: 2 ** 20 },
      ],
      nics: [
        { network: 'front', model: 'vmxnet3', connected: true },
        { network: 'VM Network', model: 'e1000e', connected: false },
      ],
    });
  });

  it('names disks by their keys when one has the UUID of another', () => {
    const disks = machine.disks.map((disk) => ({ ...disk, uuid: 'same' }));
    const { disks: neutral } = machineSpecOf({ ...machine, disks }, NAMES);
    expect(neutral.map(({ id }) => id)).toEqual(['key-2016', 'key-32000']);
  });

  it.each([
    [{ firmware: 'efi', secureBoot: false }, { firmware: 'uefi' }],
    [{ firmware: 'bios', secureBoot: true }, { firmware: 'bios' }],
    [{ firmware: undefined }, { firmware: 'unknown' }],
    [{ coresPerSocket: 0 }, { cpu: { sockets: 6, coresPerSocket: 1 } }],
    [{ guestId: 'ubuntu64Guest' }, { guest: { family: 'linux' }, architecture: 'x86_64' }],
    [{ guestId: 'other5xLinux64Guest' }, { guest: { family: 'linux' } }],
    [{ guestId: 'freebsd13_64Guest' }, { guest: { family: 'bsd' } }],
    [{ guestId: 'otherGuest64' }, { guest: { family: 'unknown' } }],
    [{ guestId: 'solaris11_64Guest' }, { guest: { family: 'other' } }],
  ] as const)('with %j is %j', (change, expected) => {
    expect(machineSpecOf({ ...machine, ...change }, NAMES)).toMatchObject(expected);
  });
});

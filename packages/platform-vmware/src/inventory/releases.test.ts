import { childOf } from '@sendense/plugin-kit/xml';
import { expect, it } from 'vitest';
import { machineReply, RELEASES } from '../../test/support/replies.ts';
import { parseObjectContents } from '../properties/object-properties.ts';
import { decodeReply } from '../soap/envelope.ts';
import { itemsOf } from '../soap/read-element.ts';
import { parseMachine } from './parse-machine.ts';

it.each(RELEASES)(
  'a machine of vSphere $release ($version) is read with what its release added',
  (release) => {
    const reply = decodeReply(machineReply(release), 'RetrievePropertiesEx');
    if (reply.kind === 'fault') throw new Error(reply.fault.name);
    const [found] = parseObjectContents(itemsOf(childOf(reply.response, 'returnval'), 'objects'));
    if (found === undefined) throw new Error('no object');
    const machine = parseMachine(found);
    expect(machine).toMatchObject({
      hardwareVersion: Number(release.version.slice('vmx-'.length)),
      cpus: 4,
      coresPerSocket: 2,
      memoryMib: 2048,
      tpm: true,
      nics: [{ type: 'VirtualVmxnet3', network: { id: 'network-5' }, connected: true }],
      snapshots: { snapshots: [{ name: 'mine' }], current: { id: 'snapshot-3' } },
    });
    expect(machine.disks).toMatchObject([
      {
        key: 2000,
        slot: { bus: 'scsi', controller: 0, unit: 0 },
        sizeBytes: 2 ** 20,
        parents: ['[vmfs 1] web/web.vmdk'],
        changeId: '52 de c0/17',
        shared: false,
      },
      // from 8.0 U2 on controllers for NVMe may share their bus too
      {
        key: 32_000,
        slot: { bus: 'nvme', controller: 0, unit: 1 },
        sizeBytes: 2 ** 21,
        changeId: '52 aa/3',
        shared: release.version === 'vmx-21',
      },
    ]);
  },
);

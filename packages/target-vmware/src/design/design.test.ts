import { diskId, type MachineSpec, planId, type RestoreRequest } from '@sendense/core';
import type { VimNetwork } from '@sendense/platform-vmware';
import { describe, expect, it } from 'vitest';
import { type CheckedOptions, parseVmwareTargetOptions, type VmwareTargetOptions } from '../options.ts';
import { chooseSeats } from './choose-seats.ts';
import { diskChanges } from './config-spec.ts';
import { designMachine } from './design-machine.ts';
import { Outcomes } from './outcomes.ts';
import { planDisks } from './plan-disks.ts';
import { readMark, writeMark } from './plan-mark.ts';

type Bus = RestoreRequest['disks'][number]['slot']['bus'];

function optionsOf(given: Partial<VmwareTargetOptions> = {}): CheckedOptions {
  return parseVmwareTargetOptions({ address: 'vc.example', user: 'u', name: 'new', ...given });
}

function requestOf(
  slots: readonly (readonly [Bus, number, number])[],
  given: Partial<MachineSpec> = {},
): RestoreRequest {
  const disks = slots.map(([bus, controller, unit], number) => ({
    id: diskId(`d${number}`),
    number,
    slot: { bus, controller, unit },
    sizeBytes: 2 ** 20,
    sectorBytes: 512 as const,
  }));
  const spec: MachineSpec = {
    schema: 1,
    name: 'old',
    platform: 'vmware',
    firmware: 'uefi-secure',
    architecture: 'x86_64',
    disks: [],
    nics: [],
    ...given,
  };
  return { spec, disks, into: 'new-machine', overwrite: false, start: false, options: {} };
}

function seatsOf(request: RestoreRequest, options = optionsOf()) {
  const outcomes = new Outcomes();
  const seats = chooseSeats(request, options, outcomes);
  return { seats: seats.map(({ controller, bus, unit }) => `${controller} ${bus}:${unit}`), outcomes };
}

const codes = ({ findings }: Outcomes): readonly string[] => findings.map(({ code }) => code);

const NETWORKS: readonly VimNetwork[] = [
  { object: { type: 'Network', id: 'network-1' }, name: 'VM Network' },
  {
    object: { type: 'DistributedVirtualPortgroup', id: 'pg-1' },
    name: 'Production',
    distributed: { switchUuid: 'aa', portgroupKey: 'pg-1' },
  },
];

describe('the places of disks', () => {
  it('are those that they had', () => {
    const { seats, outcomes } = seatsOf(
      requestOf([
        ['scsi', 1, 3],
        ['sata', 0, 0],
        ['ide', 0, 3],
        ['nvme', 0, 1],
      ]),
    );
    expect(seats).toEqual(['lsilogic-sas 1:3', 'sata 0:0', 'ide 1:1', 'nvme 0:1']);
    expect(outcomes.properties.every(({ outcome }) => outcome !== 'lost')).toBe(true);
  });

  it('leave out the unit that is the controller itself, and those that are taken', () => {
    const { seats } = seatsOf(
      requestOf([
        ['scsi', 0, 7],
        ['scsi', 0, 8],
        ['scsi', 0, 0],
      ]),
    );
    expect(seats).toEqual(['lsilogic-sas 0:8', 'lsilogic-sas 0:9', 'lsilogic-sas 0:0']);
  });

  it('are on the controller that the guest has a driver of, and another bus is told', () => {
    const linux = seatsOf(requestOf([['virtio', 0, 0]], { guest: { family: 'linux' } }));
    expect(linux.seats).toEqual(['pvscsi 0:0']);
    expect(codes(linux.outcomes)).toEqual(['bus-changed']);
    const windows = seatsOf(requestOf([['scsi', 0, 0]], { guest: { family: 'windows' } }));
    expect(windows.seats).toEqual(['lsilogic-sas 0:0']);
    expect(codes(windows.outcomes)).toEqual(['controller-chosen']);
  });

  it('are refused when there are more disks than places', () => {
    const { outcomes } = seatsOf(
      requestOf(Array.from({ length: 5 }, (_, unit) => ['ide', 0, unit] as const)),
    );
    expect(codes(outcomes)).toEqual(['bus-full']);
  });

  it('make one controller for each that is needed, besides those of IDE that are there', () => {
    const disk = { file: '[d] m/m.vmdk', sizeBytes: 2 ** 20, provisioning: 'thin' } as const;
    const changes = diskChanges([
      { ...disk, seat: { controller: 'pvscsi', bus: 0, unit: 0 } },
      { ...disk, seat: { controller: 'pvscsi', bus: 0, unit: 1 } },
      { ...disk, seat: { controller: 'ide', bus: 1, unit: 0 } },
    ]);
    const types = changes.map(
      ({ fields }) => (fields.at(-1)?.[1] as { xsiType?: string } | undefined)?.xsiType,
    );
    expect(types).toEqual(['ParaVirtualSCSIController', 'VirtualDisk', 'VirtualDisk', 'VirtualDisk']);
  });
});

describe('the machine', () => {
  function designed(given: Partial<MachineSpec>, options = optionsOf()) {
    const outcomes = new Outcomes();
    return {
      ...designMachine(
        requestOf([['scsi', 0, 0]], given),
        options,
        { networks: NETWORKS, canHoldFiles: true, unfitVariables: undefined, tags: { found: [] } },
        outcomes,
      ),
      outcomes,
    };
  }

  it('keeps processors, memory, firmware and secure boot', () => {
    const { machine, outcomes } = designed({
      cpu: { sockets: 2, coresPerSocket: 3, threadsPerCore: 1 },
      memoryBytes: 3 * 2 ** 30,
    });
    expect(machine).toMatchObject({
      cpus: 6,
      coresPerSocket: 3,
      memoryMib: 3072,
      firmware: 'efi',
      secureBoot: true,
    });
    const kept = outcomes.properties
      .filter(({ outcome }) => outcome === 'kept')
      .map(({ property }) => property);
    expect(kept).toEqual(
      expect.arrayContaining(['cpu', 'memoryBytes', 'firmware', 'architecture', 'platform']),
    );
  });

  it('tells what is approximated and lost', () => {
    const { machine, outcomes } = designed({
      platform: 'libvirt',
      cpu: { sockets: 1, coresPerSocket: 2, threadsPerCore: 2 },
      memoryBytes: 2 ** 30 + 1,
      tpm: true,
      tags: { team: 'web' },
      nics: [
        { macAddress: '52:54:00:aa:bb:cc', model: 'virtio', network: 'VM Network' },
        { model: 'e1000e', network: 'elsewhere' },
      ],
    });
    expect(machine).toMatchObject({ cpus: 4, coresPerSocket: 4, memoryMib: 1028 });
    expect(machine.cards).toMatchObject([
      { type: 'vmxnet3', macAddress: '52:54:00:aa:bb:cc', connected: true },
    ]);
    const by = (wanted: string) =>
      outcomes.properties.filter(({ outcome }) => outcome === wanted).map(({ property }) => property);
    expect(by('lost')).toEqual(['tpm', 'tags', 'nics[1]']);
    expect(by('approximated')).toEqual(
      expect.arrayContaining(['cpu', 'memoryBytes', 'platform', 'nics[0].model']),
    );
    expect(codes(outcomes)).toEqual(['tpm-lost', 'tags-lost', 'nvram-lost', 'nic-model-changed', 'nic-lost']);
    expect(outcomes.compatible).toBe(true);
  });

  describe('with UEFI variables', () => {
    const nvram = {
      name: 'nvram',
      sensitive: false,
      sizeBytes: 1,
      bytes: async () => new Uint8Array(1),
    } as const;

    function variablesOf(given: Partial<MachineSpec>, canHoldFiles = true, unfitVariables?: string) {
      const outcomes = new Outcomes();
      const request = { ...requestOf([['scsi', 0, 0]], given), artifacts: [nvram] };
      const place = { networks: NETWORKS, canHoldFiles, unfitVariables, tags: { found: [] } };
      const { variables } = designMachine(request, optionsOf(), place, outcomes).machine;
      const outcome = outcomes.properties.find(({ property }) => property === 'nvram')?.outcome;
      const [told] = outcomes.findings.filter(({ code }) => code === 'nvram-lost');
      return { variables, outcome, told: told?.message };
    }

    it('keeps those of a machine of vSphere', () => {
      expect(variablesOf({})).toEqual({ variables: true, outcome: 'kept', told: undefined });
    });

    it.each<[string, Partial<MachineSpec>, boolean, RegExp]>([
      ['of another hypervisor', { platform: 'libvirt' }, true, /those of the point are of libvirt/],
      ['with a virtual TPM', { tpm: true }, true, /encrypted with a key of the old machine/],
      ['that nothing can be put beside', {}, false, /no place to put those of the point/],
    ])('loses those of a machine %s, and tells why', (_of, given, canHoldFiles, why) => {
      expect(variablesOf(given, canHoldFiles)).toEqual({
        variables: false,
        outcome: 'lost',
        told: expect.stringMatching(why),
      });
    });

    it('loses those that are no plain file of them, and tells why', () => {
      expect(variablesOf({}, true, 'those of the point are encrypted')).toEqual({
        variables: false,
        outcome: 'lost',
        told: expect.stringMatching(/those of the point are encrypted/),
      });
    });

    it('loses them under BIOS', () => {
      expect(variablesOf({ firmware: 'bios' })).toEqual({
        variables: false,
        outcome: 'lost',
        told: undefined,
      });
    });
  });

  it('is connected to the networks of the options, a port group among them', () => {
    const options = optionsOf({ networks: { Old: { network: 'Production' } }, defaultNetwork: 'none' });
    const { machine } = designed({ nics: [{ network: 'Old' }, { network: 'VM Network' }] }, options);
    expect(machine.cards.map(({ network }) => network)).toEqual([
      {
        id: 'pg-1',
        type: 'DistributedVirtualPortgroup',
        name: 'Production',
        distributed: { switchUuid: 'aa', portgroupKey: 'pg-1' },
      },
    ]);
  });

  it.each([
    ['00:0c:29:01:02:03', true],
    ['00:50:56:9A:01:02', true],
    ['00:50:56:3f:ff:ff', false],
    ['52:54:00:aa:bb:cc', false],
  ])('tells that vSphere may give a card another address than %s: %s', (macAddress, isUnsure) => {
    const nics = [{ macAddress, model: 'vmxnet3', network: 'VM Network' }];
    const { machine, outcomes } = designed({ nics });
    expect(machine.cards[0]?.macAddress).toBe(macAddress.toLowerCase());
    expect(codes(outcomes).includes('mac-address-unsure')).toBe(isUnsure);
    const told = outcomes.properties.find(({ property }) => property === 'nics[0].macAddress');
    expect(told?.outcome).toBe(isUnsure ? 'approximated' : 'kept');
  });

  it('has new addresses without a word of those that it had when they are asked for', () => {
    const nics = [{ macAddress: '00:0c:29:01:02:03', model: 'vmxnet3', network: 'VM Network' }];
    const { machine, outcomes } = designed({ nics }, optionsOf({ macAddresses: 'new' }));
    expect(machine.cards[0]?.macAddress).toBeNull();
    expect(codes(outcomes)).not.toContain('mac-address-unsure');
  });

  it('is refused when it is of another architecture', () => {
    expect(designed({ architecture: 'aarch64' }).outcomes.compatible).toBe(false);
  });
});

describe('the disks', () => {
  const TIB = 1024 ** 4;

  function planned(sizeBytes: number, given: Partial<VmwareTargetOptions> = {}, readOnly = false) {
    const outcomes = new Outcomes();
    const asked = requestOf([['scsi', 0, 0]]);
    const disks = asked.disks.map((disk) => ({ ...disk, sizeBytes }));
    const spec = { ...asked.spec, disks: disks.map((disk) => ({ ...disk, readOnly })) };
    return { plan: planDisks({ ...asked, spec, disks }, optionsOf(given), 'fast', outcomes), outcomes };
  }

  it('are told to fit a lease only with less than 2 TiB of data, when they can hold more', () => {
    expect(codes(planned(2 * TIB).outcomes)).toEqual([]);
    expect(codes(planned(2 * TIB + 1024).outcomes)).toEqual(['lease-data-limit']);
    expect(codes(planned(2 * TIB + 1024, { via: 'datastore' }).outcomes)).toEqual([]);
  });

  it('are told to become writable when they were not', () => {
    const { outcomes } = planned(TIB, {}, true);
    expect(outcomes.findings).toMatchObject([
      { severity: 'warning', code: 'disk-becomes-writable', disk: 'd0' },
    ]);
    expect(outcomes.properties).toContainEqual({
      property: 'disks[0].readOnly',
      outcome: 'approximated',
      from: 'true',
      to: 'false',
    });
    expect(codes(planned(TIB).outcomes)).toEqual([]);
  });

  it('are rounded up to KiB, at least 1 MiB, and refused above 62 TiB', () => {
    expect(planned(2 ** 20 + 512).plan[0]?.targetSizeBytes).toBe(2 ** 20 + 1024);
    expect(planned(512).plan[0]?.targetSizeBytes).toBe(2 ** 20);
    expect(codes(planned(62 * TIB + 1024, { via: 'datastore' }).outcomes)).toEqual(['disk-too-large']);
  });
});

describe('the notes of a machine', () => {
  it('say the plan, its time, whose it is, the name, and whether it is finished', () => {
    const mark = {
      plan: planId('sendense-1'),
      begunMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
      finished: false,
      replaces: false,
      replaced: undefined,
      name: 'web, named (1)',
      installation: '01234567-89ab-4def-8123-456789abcdef',
    };
    expect(readMark(`mine\n${writeMark(mark)}`)).toEqual(mark);
    expect(readMark(writeMark({ ...mark, finished: true }))?.finished).toBe(true);
    expect(readMark(writeMark({ ...mark, replaces: true }))).toEqual({ ...mark, replaces: true });
    const replacing = { ...mark, replaces: true, replaced: '0123456789abcdef'.repeat(2) };
    expect(readMark(writeMark(replacing))).toEqual(replacing);
    const short = { ...mark, name: undefined, installation: undefined };
    expect(readMark(writeMark(short))).toEqual(short);
  });

  it.each([undefined, '', 'mine', '[sendense restore , begun x, finished]'])(
    'of somebody else are no mark: %j',
    (text) => {
      expect(readMark(text)).toBeUndefined();
    },
  );
});

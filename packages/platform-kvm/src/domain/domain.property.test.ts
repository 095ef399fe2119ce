import { type DiskSlot, diskId, type MachineSpec, machineSpecSchema, SendenseError } from '@sendense/core';
import { testScale, testSeed } from '@sendense/tests/scale';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { indexOfDiskName } from './disk-slot.ts';
import { type DomainChoices, domainOf, type NewDisk } from './domain-of.ts';
import { LIBVIRT_PLATFORM, machineSpecOf } from './machine-spec.ts';
import { parseDomain } from './parse-domain.ts';
import { serializeDomain } from './serialize-domain.ts';

const seed = testSeed();

const place = fc.oneof(
  fc.record({
    bus: fc.constant('virtio' as const),
    controller: fc.constant(0),
    unit: fc.integer({ min: 0, max: 800 }),
  }),
  fc.record({
    bus: fc.constant('scsi' as const),
    controller: fc.nat(3),
    unit: fc.integer({ min: 0, max: 255 }),
  }),
  fc.record({ bus: fc.constant('sata' as const), controller: fc.nat(3), unit: fc.nat(5) }),
  fc.record({ bus: fc.constant('ide' as const), controller: fc.constant(0), unit: fc.nat(3) }),
);
const keyOf = ({ bus, controller, unit }: DiskSlot): string => `${bus} ${controller} ${unit}`;
const places = fc.uniqueArray(place, { selector: keyOf, maxLength: 8 });
/** Text that XML keeps: no control characters, and no space at its ends. */
const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 24 })
  .filter((chars) => chars === chars.trim() && !/[\p{Cc}\p{Cs}\ufffe\uffff]/u.test(chars));
const mac = fc
  .uint8Array({ minLength: 6, maxLength: 6 })
  .map((bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':'));

const machine = fc.record({
  name: text,
  firmware: fc.constantFrom('bios' as const, 'uefi' as const, 'uefi-secure' as const),
  architecture: fc.constantFrom('x86_64' as const, 'aarch64' as const),
  cpu: fc.record({
    sockets: fc.integer({ min: 1, max: 4 }),
    coresPerSocket: fc.integer({ min: 1, max: 64 }),
    threadsPerCore: fc.integer({ min: 1, max: 2 }),
  }),
  memoryBytes: fc.integer({ min: 1, max: 2 ** 31 }).map((kib) => kib * 1024),
  tpm: fc.boolean(),
  disks: places,
  paths: fc.array(text, { minLength: 8, maxLength: 8 }),
  nics: fc.array(
    fc.record({ macAddress: mac, model: text, source: text, bridge: fc.boolean(), connected: fc.boolean() }),
    { maxLength: 4 },
  ),
});
type Machine = typeof machine extends fc.Arbitrary<infer Value> ? Value : never;

const idOf = (number: number) => diskId(`disk-${number}`);

function specOf(given: Machine, targets: readonly string[]): MachineSpec {
  const { name, firmware, architecture, cpu, memoryBytes, tpm } = given;
  const basis = { schema: 1, platform: LIBVIRT_PLATFORM, name, firmware, architecture } as const;
  const disks = given.disks.map((slot, number) => ({
    id: idOf(number),
    label: targets[number] ?? '',
    slot: { ...slot, bootOrder: number + 1 },
    sizeBytes: 512 * number,
    sectorBytes: number % 2 === 0 ? (512 as const) : (4096 as const),
    ...(number === 3 ? { readOnly: true } : {}),
  }));
  const nics = given.nics.map(({ source, bridge, ...nic }) => {
    return { ...nic, network: bridge ? `bridge:${source}` : source };
  });
  return { ...basis, cpu, memoryBytes, disks, nics, tpm };
}

function choicesOf(given: Machine): DomainChoices {
  const { name, architecture, firmware: kind, tpm } = given;
  const nvram = { path: '/nvram & more.fd', template: undefined, format: undefined };
  const disks = given.disks.map((slot, number): NewDisk => {
    return {
      slot: { ...slot, bootOrder: number + 1 },
      source: { type: 'file', path: given.paths[number] ?? '' },
      format: number % 2 === 0 ? 'raw' : 'qcow2',
      sectorBytes: number % 2 === 0 ? 512 : 4096,
      readOnly: number === 3,
    };
  });
  const interfaces = given.nics.map(({ source, bridge, ...nic }) => {
    return { ...nic, type: bridge ? 'bridge' : 'network', source, bootOrder: undefined };
  });
  return {
    type: 'kvm',
    name,
    uuid: '4dea22b3-1d52-48f3-a516-782e98ab3fa0',
    architecture,
    machine: 'q35',
    firmware: {
      kind,
      automatic: kind !== 'bios',
      loader: undefined,
      nvram: kind === 'bios' ? undefined : nvram,
    },
    tpm: tpm ? { model: 'tpm-crb', backend: 'emulator', version: '2.0' } : undefined,
    disks,
    interfaces,
  };
}

const where = fc.double({ min: 0, max: 1, noNaN: true });
/** Most leave a document that is one still: the gate behind which the reader works. */
const change = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      kind: fc.constant('value' as const),
      where,
      put: fc.oneof(
        fc.string({ maxLength: 6 }).map((chars) => chars.replaceAll(/[<>&"]/g, '')),
        fc.constantFrom(
          '',
          '-1',
          '99999999999999999999',
          '1e3',
          'cdrom',
          'block',
          'volume',
          '&#x110000;',
          '&lt;',
        ),
      ),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('line' as const), where, put: fc.constant('') }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('cut' as const),
      where,
      put: fc.oneof(
        fc.constantFrom(
          '<',
          '>',
          '/>',
          '"',
          '&#0;',
          '<a>',
          '</a>',
          '<!--',
          '-->',
          '<![CDATA[',
          ']]>',
          '<?a?>',
        ),
        fc.string({ maxLength: 4 }),
      ),
    }),
  },
);
type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;

/** Puts something in place of a value of the XML, drops an empty element, or cuts anywhere. */
function damage(xml: string, { kind, where: at, put }: Change): string {
  const pattern = kind === 'value' ? /(?<=")[^"]*(?=")|(?<=>)[^<>\n]+(?=<)/g : /^ *<[^>]*\/>\n/gm;
  const found = kind === 'cut' ? [] : [...xml.matchAll(pattern)];
  const one = found[Math.floor(at * found.length)] ?? found.at(-1);
  const from = one?.index ?? Math.floor(at * xml.length);
  return xml.slice(0, from) + put + xml.slice(from + (one?.[0].length ?? 8));
}

describe(`domains, seed ${seed}`, () => {
  it('read back from their XML are the machines they were made of', () => {
    fc.assert(
      fc.property(machine, (given) => {
        const before = domainOf(specOf(given, []), choicesOf(given));
        const after = parseDomain(
          serializeDomain(before, { clock: 'utc', screen: true, cpuMode: 'maximum' }),
        );
        expect(after).toEqual(before);
        const facts = before.disks.map(({ target }, number) => {
          return { target, id: idOf(number), sizeBytes: 512 * number };
        });
        const targets = before.disks.map(({ target }) => target);
        expect(new Set(targets).size).toBe(targets.length);
        const spec = machineSpecOf(after, facts);
        expect(spec).toEqual(specOf(given, targets));
        expect(machineSpecSchema.parse(spec)).toEqual(spec);
      }),
      { seed, numRuns: 200 * testScale() },
    );
  });

  it('are read, or refused with FORMAT_INVALID, whatever was done to their XML', () => {
    let readable = 0;
    const numRuns = 1500 * testScale();
    fc.assert(
      fc.property(machine, fc.array(change, { minLength: 1, maxLength: 4 }), (given, changes) => {
        const domain = domainOf(specOf(given, []), choicesOf(given));
        const xml = changes.reduce(damage, serializeDomain(domain, { clock: 'utc', screen: true }));
        try {
          const read = parseDomain(xml);
          readable++;
          const facts = read.disks.map(({ target }, number) => ({
            target,
            id: idOf(number),
            sizeBytes: 1,
          }));
          expect(machineSpecOf(read, facts).disks).toHaveLength(read.disks.length);
        } catch (error) {
          if (!SendenseError.is(error, 'FORMAT_INVALID')) throw error;
        }
      }),
      { seed, numRuns },
    );
    expect(readable).toBeGreaterThan(numRuns / 2);
  });
});

describe('names of disks', () => {
  it.each([
    ['vda', 0],
    ['vdz', 25],
    ['vdaa', 26],
    ['sdba', 52],
  ])('%s is number %i', (name, index) => {
    expect(indexOfDiskName(name)).toBe(index);
  });
});

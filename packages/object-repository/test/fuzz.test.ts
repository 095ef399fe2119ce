import { pointId, repositoryId, SendenseError } from '@sendense/core';
import { seededBytes, seededInteger, seededRandom } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { parseHead, serializeHead } from '../src/head/head-state.ts';
import { parseIndex, serializeIndex } from '../src/index/index-object.ts';
import { parseKeySlot } from '../src/keys/key-slot.ts';
import { parseClaimed, serializeProven } from '../src/keys/proven-json.ts';
import { MapNode } from '../src/map/map-node.ts';
import { parseDirectory, parsePackTail, serializePack } from '../src/packs/pack-layout.ts';
import { parseConfiguration } from '../src/records/configuration.ts';
import { pointRecord } from '../src/records/point-record.ts';
import { openRecord } from '../src/records/sealed-json.ts';
import { removalRecord } from '../src/records/small-records.ts';
import { createSealer } from '../src/seal/seal.ts';

const SEED = 20_261_121;
const CASES = 400 * Number(process.env.SENDENSE_TEST_SCALE ?? 1);
const KEY = Buffer.alloc(32, 1);
const sealer = createSealer(KEY, 'r');
const entries = [1, 2, 3].map((kind) => ({
  id: seededBytes(kind, 32),
  length: 100 * kind,
  kind: 0 as const,
}));
const frames = entries.map(({ length }) => seededBytes(length, length));
const json = (fields: object) => Buffer.from(JSON.stringify(fields));
const slot = {
  format: 'sendense-key-slot',
  version: 1,
  label: 'x',
  wrapped: '00ff',
  kind: 'scrypt',
  salt: '0a'.repeat(32),
  costLog2: 14,
  blockSize: 8,
  parallel: 1,
};
const configuration = {
  format: 'sendense-object-repository',
  version: 1,
  id: 'a',
  createdAt: '2026-01-01T00:00:00.000Z',
  chunkBytes: 1_048_576,
  graceMs: 604_800_000,
};

/** The parsers of what a store gives; behind a seal the damage is put before sealing, so that every case passes the gate. */
const parsers: readonly (readonly [
  name: string,
  sample: Uint8Array,
  parse: (bytes: Uint8Array) => unknown,
])[] = [
  [
    'index objects',
    serializeIndex([{ id: 'ab'.repeat(16), sizeBytes: 2000, entries }]),
    (bytes) => [...parseIndex(bytes, 'i')],
  ],
  ['nodes of maps', nodeSample(), (bytes) => MapNode.parse(bytes, 0, 'n')],
  ['ends of packs', packTail(), (bytes) => parsePackTail(bytes, 1000, 'p')],
  [
    'directories of packs',
    directorySample(),
    (bytes) => parseDirectory(sealer.seal('directory', 'p', bytes), 608, 'p', sealer),
  ],
  ['key slots', json(slot), (bytes) => parseKeySlot(parseClaimed(bytes, 'k'), 'k')],
  ['configurations', json(configuration), (bytes) => parseConfiguration(parseClaimed(bytes, 'c'))],
  [
    'manifests',
    json({ id: 'p-1', disks: [], sequence: 1 }),
    (bytes) => openRecord(sealer, pointRecord, 'm', sealer.seal('point', 'm', bytes)),
  ],
  [
    'removals',
    json({ manifests: ['ab'.repeat(16), 'cd'.repeat(16)] }),
    (bytes) => openRecord(sealer, removalRecord, 'r', sealer.seal('removal', 'r', bytes)),
  ],
  [
    'trusted heads',
    headSample(),
    (bytes) => parseHead(repositoryId('r'), Buffer.from(bytes).toString(), 'h'),
  ],
];

describe(`damaged bytes (seed ${SEED}, ${CASES} of each)`, () => {
  it.each(parsers)('are read or refused, never more: %s', (_name, sample, parse) => {
    const random = seededRandom(SEED);
    let refused = 0;
    for (let run = 0; run < CASES; run += 1) {
      const bytes = damaged(sample, random);
      try {
        parse(bytes);
      } catch (error) {
        if (!SendenseError.is(error))
          throw new Error(`run ${run}: ${Buffer.from(bytes).toString('hex')}`, { cause: error });
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(CASES / 10);
  });

  it('that are larger than a record can be are refused before they are read', () => {
    const large = serializeProven({ fill: 'x'.repeat(100_000) }, KEY);
    expect(() => parseClaimed(large, 'k')).toThrow(/record/);
  });
});

function damaged(sample: Uint8Array, random: () => number): Uint8Array {
  const bytes = Uint8Array.from(sample);
  const kind = seededInteger(random, 5);
  if (kind === 0) return bytes.subarray(0, seededInteger(random, bytes.byteLength));
  if (kind === 1)
    return Buffer.concat([bytes, seededBytes(seededInteger(random, 99), 1 + seededInteger(random, 80))]);
  const edits = 1 + seededInteger(random, 3);
  for (let edit = 0; edit < edits; edit += 1) {
    const at = seededInteger(random, bytes.byteLength);
    bytes[at] = kind === 2 ? 0xff : seededInteger(random, 256);
  }
  return bytes;
}

function nodeSample(): Uint8Array {
  const node = MapNode.empty();
  for (let at = 0; at < 3; at += 1) node.set(at, seededBytes(at + 1, 32));
  return node.serialize(0) ?? new Uint8Array();
}

function headSample(): Uint8Array {
  const point = {
    point: pointId('p-1'),
    key: `points/${'0'.repeat(32)}/${'1'.repeat(16)}`,
    manifest: 'ab'.repeat(16),
  };
  return Buffer.from(serializeHead(repositoryId('r'), { checkedAt: new Date(0), points: [point] }));
}

function packTail(): Uint8Array {
  return Buffer.concat(serializePack('p', frames, entries, sealer).slice(-2));
}

function directorySample(): Uint8Array {
  const directory = serializePack('p', frames, entries, sealer).at(-3) ?? new Uint8Array();
  return sealer.open('directory', 'p', directory);
}

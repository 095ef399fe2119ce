import { applySeal, type DiskFixture, type FixtureField } from '@sendense/tests/disk-fixtures';
import type { SeededRandom } from '../seeded-random.ts';

/** A fixture's files while they are damaged, in place; `undo` makes them whole again. */
export type Damage = {
  /** What was done, for the message of a failure. */
  readonly what: string;
  /** No magic was damaged, and checksums are right: a parser has to look further. */
  readonly passesGates: boolean;
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly undo: () => void;
};

/** Fields that nothing gets past when they are wrong. */
const GATES = /magic|cookie|signature|checksum|version/;

const TOKENS: readonly [string, ...string[]] = [
  '"/etc/passwd"',
  '"../../../../etc/shadow"',
  '"disk.vmdk"',
  '"nbd://127.0.0.1/"',
  '"a\\0b"',
  '99999999999999999999',
  'ffffffff',
  'FLAT',
  'SPARSE',
  'ZERO',
  '-1',
  '=',
  '\n',
];

/**
 * Damages one to three fields, and computes their checksums anew but for one case of ten; or cuts the file off.
 */
export function damageFixture(fixture: DiskFixture, random: SeededRandom): Damage {
  const kept: { bytes: Uint8Array; at: number; was: Uint8Array }[] = [];
  const keep = (bytes: Uint8Array, at: number, length: number) =>
    kept.push({ bytes, at, was: bytes.slice(at, at + length) });
  const undo = () => {
    for (const { bytes, at, was } of kept.toReversed()) bytes.set(was, at);
  };
  if (random.below(20) === 0) return { ...cutOff(fixture, random), passesGates: false, undo };
  const touched = Array.from({ length: random.below(3) === 0 ? 3 : 1 }, () => pickField(fixture, random));
  for (const field of touched) {
    const bytes = fixture.files.get(field.file) ?? new Uint8Array();
    keep(bytes, field.at, field.bytes);
    damageField(fixture, field, bytes, random);
  }
  const sealed = random.below(10) > 0;
  for (const seal of sealed ? fixture.seals : []) {
    if (!touched.some((field) => field.file === seal.file && inside(field, seal))) continue;
    const bytes = fixture.files.get(seal.file) ?? new Uint8Array();
    keep(bytes, seal.checksumAt, 4);
    applySeal(bytes, seal);
  }
  const what = touched.map(({ name }) => name).join(', ');
  return { what, passesGates: sealed && !GATES.test(what), files: fixture.files, undo };
}

/** Any field, as likely as another; a gate only when it is picked twice. */
function pickField({ fields }: DiskFixture, random: SeededRandom): FixtureField {
  const pick = () => fields[random.below(fields.length)] ?? { file: '', name: 'nothing', at: 0, bytes: 0 };
  const field = pick();
  return GATES.test(field.name) ? pick() : field;
}

function inside({ at }: FixtureField, seal: { at: number; length: number }): boolean {
  return at >= seal.at && at < seal.at + seal.length;
}

function cutOff({ files, image, fields }: DiskFixture, random: SeededRandom): Pick<Damage, 'what' | 'files'> {
  const name = fields[random.below(fields.length)]?.file ?? image;
  const whole = files.get(name) ?? new Uint8Array();
  const length = random.below(4) === 0 ? whole.byteLength - 512 : random.below(whole.byteLength);
  const cut = whole.subarray(0, Math.max(0, length));
  return { what: `${name} cut off at ${length}`, files: new Map(files).set(name, cut) };
}

function damageField(
  fixture: DiskFixture,
  field: FixtureField,
  bytes: Uint8Array,
  random: SeededRandom,
): void {
  const { at, bytes: width, name } = field;
  if (name.startsWith('descriptor')) {
    const text = random.below(2) === 0 ? random.pick(TOKENS) : `${random.below(2 ** 32)}`;
    bytes.set(new TextEncoder().encode(text.padEnd(width).slice(0, width)), at);
    return;
  }
  if (random.below(4) === 0) {
    const place = at + random.below(width);
    bytes[place] = (bytes[place] ?? 0) ^ (1 << random.below(8));
    return;
  }
  if (width > 8) {
    for (let index = 0; index < width; index += 1) bytes[at + index] = random.below(256);
    return;
  }
  setNumber(bytes, field, fixture.format === 'vhd', hostile(fixture, field, bytes, random));
}

/** Borders of integers, sizes and places in this file, neighbours of the value, values of other fields. */
function hostile(fixture: DiskFixture, field: FixtureField, bytes: Uint8Array, random: SeededRandom): bigint {
  const big = fixture.format === 'vhd';
  const now = numberAt(bytes, field, big);
  const size = BigInt(bytes.byteLength);
  const other = pickField(fixture, random);
  const same = other.file === field.file && other.bytes <= 8 ? numberAt(bytes, other, big) : 0n;
  return random.pick([
    0n,
    1n,
    2n,
    0xffffn,
    0x7fff_ffffn,
    0xffff_ffffn,
    2n ** 53n,
    2n ** 63n,
    2n ** 64n - 1n,
    size,
    size / 512n,
    size / 1_048_576n,
    (BigInt(random.below(2 ** 20)) << 20n) | BigInt(random.below(8)),
    BigInt(random.below(bytes.byteLength)),
    BigInt(random.below(Math.max(1, Math.floor(bytes.byteLength / 512)))),
    BigInt(other.at),
    BigInt(Math.floor(other.at / 512)),
    now + 1n,
    now - 1n,
    now * 2n,
    now / 2n,
    same,
    same,
  ]);
}

function numberAt(bytes: Uint8Array, { at, bytes: width }: FixtureField, big: boolean): bigint {
  let value = 0n;
  for (let index = 0; index < Math.min(width, 8); index += 1) {
    const place = big ? at + index : at + Math.min(width, 8) - 1 - index;
    value = (value << 8n) | BigInt(bytes[place] ?? 0);
  }
  return value;
}

function setNumber(bytes: Uint8Array, { at, bytes: width }: FixtureField, big: boolean, value: bigint): void {
  for (let index = 0; index < width; index += 1) {
    const place = big ? at + width - 1 - index : at + index;
    bytes[place] = Number((BigInt.asUintN(64, value) >> BigInt(8 * index)) & 0xffn);
  }
}

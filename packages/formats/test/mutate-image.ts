import type { SeededRandom } from './seeded-random.ts';

/** Header fields by offset and width in bytes. */
const FIELDS: readonly [readonly [number, number], ...(readonly [number, number])[]] = [
  [4, 4],
  [8, 8],
  [16, 4],
  [20, 4],
  [24, 8],
  [32, 4],
  [36, 4],
  [40, 8],
  [48, 8],
  [56, 4],
  [60, 4],
  [64, 8],
  [72, 8],
  [80, 8],
  [88, 8],
  [96, 4],
  [100, 4],
  [104, 1],
];

/** Damages a copy of an image: a header field, an entry of a table, a few bytes anywhere, or its length. */
export function mutateImage(image: Uint8Array, random: SeededRandom): Uint8Array {
  const copy = image.slice();
  const view = new DataView(copy.buffer);
  const kind = random.below(10);
  if (kind < 2) mutateField(view, random);
  else if (kind < 8) for (let times = 1 + random.below(4); times > 0; times -= 1) mutateEntry(view, random);
  else if (kind === 8) for (let times = 1 + random.below(8); times > 0; times -= 1) mutateByte(view, random);
  else return copy.subarray(0, random.below(copy.byteLength));
  return copy;
}

function mutateField(view: DataView, random: SeededRandom): void {
  const [offset, bytes] = random.pick(FIELDS);
  const value = interesting(view, random);
  if (bytes === 8) view.setBigUint64(offset, value);
  else if (bytes === 4) view.setUint32(offset, Number(value & 0xffff_ffffn));
  else view.setUint8(offset, Number(value & 0xffn));
}

/** An 8-byte entry that is not zero, of the tables, extensions and the directory alike. */
function mutateEntry(view: DataView, random: SeededRandom): void {
  const clusterBytes = 2 ** 12;
  for (let tries = 0; tries < 1000; tries += 1) {
    const cluster = random.below(Math.floor(view.byteLength / clusterBytes)) * clusterBytes;
    const at = cluster + random.below(tries % 2 === 0 ? 64 : clusterBytes / 8) * 8;
    if (at < 112 || view.getBigUint64(at) === 0n) continue;
    if (random.below(2) === 0) view.setBigUint64(at, interesting(view, random));
    else view.setBigUint64(at, view.getBigUint64(at) ^ (1n << BigInt(random.below(64))));
    return;
  }
}

function mutateByte(view: DataView, random: SeededRandom): void {
  view.setUint8(random.below(view.byteLength), random.below(256));
}

function interesting(view: DataView, random: SeededRandom): bigint {
  const cluster = BigInt(random.below(view.byteLength / 4096 + 2)) * 4096n;
  return random.pick([
    0n,
    1n,
    2n,
    3n,
    0xffffn,
    0x7fff_ffffn,
    0xffff_ffffn,
    2n ** 53n,
    2n ** 63n,
    2n ** 64n - 1n,
    cluster,
    cluster | (1n << 63n),
    cluster | 1n,
    cluster | (1n << 62n),
    BigInt(random.below(2 ** 32)),
    (BigInt(random.below(2 ** 32)) << 32n) | BigInt(random.below(2 ** 32)),
    BigInt(view.byteLength),
  ]);
}

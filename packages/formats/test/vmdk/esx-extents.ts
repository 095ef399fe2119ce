/** Bytes of the grains of an extent, by index. */
export type Grains = ReadonlyMap<number, Uint8Array | 'zero' | 'unmapped'>;

const SECTOR = 512;

/** A COWD extent (`VMFSSPARSE`) with grains of one sector: header of four sectors, directory, one table, grains. */
export function cowdExtent(sectors: number, grains: Grains): Uint8Array {
  const tables = Math.ceil(sectors / 4096);
  const first = 5 + tables * 32;
  const stored = [...grains].filter((entry): entry is [number, Uint8Array] => entry[1] instanceof Uint8Array);
  const bytes = new Uint8Array((first + stored.length) * SECTOR);
  const view = new DataView(bytes.buffer);
  bytes.set(Buffer.from('COWD'));
  for (const [at, value] of [
    [4, 1],
    [8, 3],
    [12, sectors],
    [16, 1],
    [20, 4],
    [24, tables],
    [28, first + stored.length],
  ] as const)
    view.setUint32(at, value, true);
  for (let table = 0; table < tables; table += 1)
    view.setUint32(4 * SECTOR + table * 4, 5 + table * 32, true);
  for (const [index, [grain, data]] of stored.entries()) {
    view.setUint32(5 * SECTOR + grain * 4, first + index, true);
    bytes.set(data, (first + index) * SECTOR);
  }
  return bytes;
}

const SE_GRAIN = 8 * SECTOR;
const SE_TABLE_SECTORS = 64;

/** An SESparse extent: both headers, directory, one table for each 16 MiB that has grains, grains of 4 KiB. */
export function sesparseExtent(sectors: number, grains: Grains): Uint8Array {
  const used = [...new Set([...grains.keys()].map((grain) => Math.floor(grain / 4096)))];
  const [volatile, directory, tables] = [1, 2, 3];
  const first = tables + used.length * SE_TABLE_SECTORS;
  const stored = [...grains.values()].filter((data) => data instanceof Uint8Array);
  const bytes = new Uint8Array(first * SECTOR + stored.length * SE_GRAIN);
  const view = new DataView(bytes.buffer);
  const put = (at: number, value: bigint) => view.setBigUint64(at, value, true);
  const range = (at: number, offset: number, size: number) => {
    put(at, BigInt(offset));
    put(at + 8, BigInt(size));
  };
  put(0, 0xcafebaben);
  put(8, 0x2_0000_0001n);
  put(16, BigInt(sectors));
  put(24, 8n);
  put(32, BigInt(SE_TABLE_SECTORS));
  range(80, volatile, 1);
  range(128, directory, 1);
  range(144, tables, used.length * SE_TABLE_SECTORS);
  range(192, first, stored.length * 8);
  put(volatile * SECTOR, 0xcafecafen);
  for (const [index, table] of used.entries())
    put(directory * SECTOR + table * 8, 0x1000_0000_0000_0000n + BigInt(index));
  let next = 0;
  for (const [grain, data] of grains) {
    const table = tables * SECTOR + used.indexOf(Math.floor(grain / 4096)) * SE_TABLE_SECTORS * SECTOR;
    const at = table + (grain % 4096) * 8;
    if (data === 'unmapped') put(at, 0x1000_0000_0000_0000n);
    else if (data === 'zero') put(at, 0x2000_0000_0000_0000n);
    else {
      const [low, high] = [BigInt(next % 4096), BigInt(Math.floor(next / 4096))];
      put(at, 0x3000_0000_0000_0000n | (low << 48n) | high);
      bytes.set(data, first * SECTOR + next * SE_GRAIN);
      next += 1;
    }
  }
  return bytes;
}

/** The text of a descriptor. */
export function descriptorText(options: {
  readonly createType: string;
  readonly extents: readonly string[];
  readonly contentId?: string;
  readonly parent?: { readonly hint: string; readonly contentId: string };
  readonly more?: string;
}): string {
  const { createType, extents, contentId = '11111111', parent, more = '' } = options;
  return [
    '# Disk DescriptorFile',
    'version=1',
    `CID=${contentId}`,
    `parentCID=${parent?.contentId ?? 'ffffffff'}`,
    `createType="${createType}"`,
    ...(parent === undefined ? [] : [`parentFileNameHint="${parent.hint}"`]),
    more,
    '# Extent description',
    ...extents,
    '',
  ].join('\n');
}

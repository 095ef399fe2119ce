import type { StructureBytes } from './structure-bytes.ts';

/** What a text descriptor of VMDK says. */
export type VmdkDescriptor = {
  readonly createType: string;
  /** Lines like `RW 2048 FLAT "disk-flat.vmdk" 0`. */
  readonly extents: readonly string[];
  readonly cid: string;
  readonly parent?: { readonly cid: string; readonly name: string };
};

/** The text of a descriptor: header, extents, disk database. */
export function vmdkDescriptorText({ createType, extents, cid, parent }: VmdkDescriptor): string {
  const header = [
    '# Disk DescriptorFile',
    'version=1',
    `CID=${cid}`,
    `parentCID=${parent?.cid ?? 'ffffffff'}`,
  ];
  const hint = parent === undefined ? [] : [`parentFileNameHint="${parent.name}"`];
  return [
    ...header,
    `createType="${createType}"`,
    ...hint,
    '',
    '# Extent description',
    ...extents,
    '',
    '# The Disk Data Base',
    '#DDB',
    '',
    'ddb.virtualHWVersion = "4"',
    'ddb.geometry.cylinders = "20"',
    'ddb.geometry.heads = "16"',
    'ddb.geometry.sectors = "63"',
    'ddb.adapterType = "lsilogic"',
    '',
  ].join('\n');
}

/** Writes a descriptor. Its fields are the values in it: numbers and what stands in quotation marks. */
export function writeDescriptor(bytes: StructureBytes, at: number, descriptor: VmdkDescriptor): void {
  const text = vmdkDescriptorText(descriptor);
  bytes.data(at, new TextEncoder().encode(text));
  for (const { 0: value, index } of text.matchAll(/"[^"]*"|\b[0-9a-f]+\b|RW|[A-Z]{4,}/g)) {
    bytes.fields.push({ file: bytes.file, name: `descriptor ${value}`, at: at + index, bytes: value.length });
  }
}

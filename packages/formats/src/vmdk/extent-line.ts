import { MAX_SECTORS } from './constants.ts';
import { invalid, unsupported } from './format-error.ts';

/** A line of a descriptor that describes an extent. Sizes and places in sectors. */
export type ExtentLine = {
  readonly access: 'RW' | 'RDONLY';
  readonly sectors: number;
} & (
  | { readonly type: 'ZERO' }
  | { readonly type: 'SPARSE' | 'VMFSSPARSE' | 'SESPARSE'; readonly file: string }
  | { readonly type: 'FLAT' | 'VMFS'; readonly file: string; readonly offset: number }
);

const LINE = /^(RW|RDONLY|NOACCESS)\s+(\d{1,15})\s+([A-Z0-9]+)(?:\s+"([^"]+)"(?:\s+(\d{1,15}))?)?$/;

/** Whether a line of a descriptor is meant to describe an extent. */
export function isExtentLine(line: string): boolean {
  return /^(RW|RDONLY|NOACCESS)\s/.test(line);
}

/** Reads the line. Throws `FORMAT_INVALID`, or `FORMAT_UNSUPPORTED` for a type of extent that is not read, by name. */
export function parseExtentLine(line: string): ExtentLine {
  const [, access, size, type, file, place] = LINE.exec(line) ?? [];
  if (type === undefined) throw invalid(`the extent ${shown(line)} cannot be read`);
  if (access !== 'RW' && access !== 'RDONLY')
    throw unsupported(`has an extent without access: ${shown(line)}`);
  const sectors = Number(size);
  if (sectors === 0 || sectors >= MAX_SECTORS)
    throw invalid(`the extent ${shown(line)} has no possible size`);
  if (type === 'ZERO' && file === undefined) return { access, sectors, type };
  if (file === undefined) throw invalid(`the extent ${shown(line)} names no file`);
  const offset = place === undefined ? undefined : Number(place);
  return { access, sectors, ...withFile(type, file, offset, line) };
}

function withFile(type: string, file: string, offset: number | undefined, line: string) {
  if (type === 'FLAT' || type === 'VMFS') {
    if (offset === undefined && type === 'FLAT') throw invalid(`the extent ${shown(line)} has no offset`);
    if (offset !== undefined && offset >= MAX_SECTORS)
      throw invalid(`the extent ${shown(line)} has no possible offset`);
    return { type, file, offset: offset ?? 0 } as const;
  }
  if (type !== 'SPARSE' && type !== 'VMFSSPARSE' && type !== 'SESPARSE')
    throw unsupported(
      `has an extent of type ${type.slice(0, 20)}`,
      'raw devices and newer types are not read: clone the disk with "vmkfstools -i" first',
    );
  if (offset !== undefined) throw invalid(`the sparse extent ${shown(line)} has an offset`);
  return { type, file } as const;
}

function shown(line: string): string {
  return JSON.stringify(line.slice(0, 120));
}

/** The line of an extent; the inverse of {@link parseExtentLine}. */
export function serializeExtentLine(extent: ExtentLine): string {
  const front = `${extent.access} ${extent.sectors} ${extent.type}`;
  if (extent.type === 'ZERO') return front;
  return `${front} "${extent.file}"${extent.type === 'FLAT' ? ` ${extent.offset}` : ''}`;
}

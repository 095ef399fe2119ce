import { type BlockReader, type ByteRange, type Call, type Extent, SendenseError } from '@sendense/core';
import {
  AREAS_IN_USE,
  type ChangedAreasRequest,
  queryChangedAreas,
  type VimClient,
} from '@sendense/platform-vmware';
import { clipRanges, coverGaps } from '@sendense/plugin-kit/extents';

/** Areas that are kept; a disk in more pieces is read whole. */
const MOST_AREAS = 65_536;

/** What keeps a server from telling the areas in use; it costs nothing but time. */
const HARMLESS = ['CHANGE_TRACKING_LOST', 'PROTOCOL_VIOLATION', 'UNSUPPORTED'] as const;

/**
 * The areas of a disk that are in use at a snapshot; `undefined` where the server does not tell them. An optimisation: on thick disks
 * and NFS they are the whole disk.
 */
export async function areasInUse(
  vim: VimClient,
  request: Omit<ChangedAreasRequest, 'changeId'>,
  call?: Call,
): Promise<readonly ByteRange[] | undefined> {
  const areas: ByteRange[] = [];
  try {
    for await (const area of queryChangedAreas(vim, { ...request, changeId: AREAS_IN_USE }, call)) {
      if (areas.length >= MOST_AREAS) return undefined;
      areas.push(area);
    }
    return areas;
  } catch (error) {
    if (HARMLESS.some((code) => SendenseError.is(error, code))) return undefined;
    throw error;
  }
}

/** A disk of which everything but `areas` is known to be zeros. */
export function withKnownZeros(reader: BlockReader, areas: readonly ByteRange[]): BlockReader {
  const { sizeBytes, limits } = reader;
  async function* used(range: ByteRange): AsyncGenerator<Extent> {
    for (const area of clipRanges(areas, range)) yield { ...area, kind: 'data' };
  }
  return {
    sizeBytes,
    limits,
    read: (offset, into, call) => reader.read(offset, into, call),
    extents: (range) => coverGaps(used(range), range, 'zero'),
    [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
  };
}

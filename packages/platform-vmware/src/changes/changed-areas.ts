import { type ByteRange, type Call, SendenseError } from '@sendense/core';
import { clipRanges, normaliseRanges, subtractRanges } from '@sendense/plugin-kit/extents';
import { childOf, type XmlElement } from '@sendense/plugin-kit/xml';
import { isFault } from '../map-error.ts';
import type { VimClient } from '../session/vim-client.ts';
import { integerIn, itemsOf } from '../soap/read-element.ts';
import type { ManagedObject } from '../soap/vim-value.ts';

const QUERY = 'QueryChangedDiskAreas';

/** Asks for the areas in use instead of those that changed. */
export const AREAS_IN_USE = '*';

/** More replies than any disk needs: a server that goes on by single sectors is not asked for ever. */
const MAX_REPLIES = 100_000;

/** Of which disk, and since when. */
export type ChangedAreasRequest = {
  readonly machine: ManagedObject;
  /** Up to this snapshot; without it up to now, which a server answers for a machine that is off only. */
  readonly snapshot: ManagedObject | undefined;
  /** Key of the disk in the machine. */
  readonly deviceKey: number;
  readonly sizeBytes: number;
  /** Of an earlier snapshot, or {@link AREAS_IN_USE}. */
  readonly changeId: string;
};

/**
 * The areas of a disk that changed since a change id: ascending, apart and inside the disk. The server tells them in pieces, each
 * with how far it reaches. Rejects with `CHANGE_TRACKING_LOST` when it knows nothing of the change id, `PROTOCOL_VIOLATION` for a
 * reply that leaves a part of the disk out, that goes back, or that does not go on.
 */
export async function* queryChangedAreas(
  client: VimClient,
  request: ChangedAreasRequest,
  call?: Call,
): AsyncGenerator<ByteRange, void, undefined> {
  const { sizeBytes } = request;
  let at = 0;
  let pending: ByteRange[] = [];
  for (let replies = 0; at < sizeBytes; replies += 1) {
    // a start at or behind the end is refused by the server
    if (replies >= MAX_REPLIES) throw violation(request, 'has no end');
    const piece = pieceOf(await ask(client, request, at, call), at, request);
    pending = normaliseRanges([...pending, ...piece.areas]);
    const end = at + piece.length;
    // what ends where the piece ends may go on in the next one
    const done = pending.filter(({ offset, length }) => offset + length < end);
    yield* done;
    pending = subtractRanges(pending, done);
    at = end;
  }
  yield* clipRanges(pending, { offset: 0, length: sizeBytes });
}

type Piece = { readonly length: number; readonly areas: readonly ByteRange[] };

async function ask(
  client: VimClient,
  { machine, snapshot, deviceKey, changeId }: ChangedAreasRequest,
  startOffset: number,
  call?: Call,
): Promise<XmlElement | undefined> {
  const fields = [
    ['snapshot', snapshot],
    ['deviceKey', deviceKey],
    ['startOffset', startOffset],
    ['changeId', changeId],
  ] as const;
  const response = await client.invoke(QUERY, machine, fields, call).catch((error: unknown) => {
    throw LOST.some((fault) => isFault(error, fault)) ? lost(error, deviceKey, machine) : error;
  });
  return childOf(response, 'returnval');
}

/**
 * How servers say that they know nothing of a change id: the file of the tracking is damaged, gone or of another epoch, or tracking
 * is not on after all. Their sentences are of files and arguments.
 */
const LOST = ['FileFault', 'CannotAccessFile', 'FileNotFound', 'InvalidArgument'] as const;

function lost(cause: unknown, deviceKey: number, machine: ManagedObject): SendenseError {
  const said = SendenseError.is(cause) ? cause.message : String(cause);
  return new SendenseError('CHANGE_TRACKING_LOST', `disk ${deviceKey}: ${said}`, {
    operation: `vim-${QUERY}`,
    context: { ...(SendenseError.is(cause) ? cause.context : {}), machine: machine.id, deviceKey },
    cause,
    remedy: 'read the disk whole once; if it comes back, switch change tracking of the machine off and on',
  });
}

/** A piece that begins at `start`; none of its areas begins before it. */
function pieceOf(reply: XmlElement | undefined, start: number, request: ChangedAreasRequest): Piece {
  const length = integerIn(reply, 'length') ?? 0;
  if (integerIn(reply, 'startOffset') !== start) throw violation(request, `does not begin at ${start}`);
  if (length <= 0) throw violation(request, `says nothing of what follows ${start}`);
  const areas = itemsOf(reply, 'changedArea').map((area) => areaOf(area, start, request));
  return { length, areas: clipRanges(normaliseRanges(areas), { offset: 0, length: request.sizeBytes }) };
}

function areaOf(area: XmlElement, start: number, request: ChangedAreasRequest): ByteRange {
  const offset = integerIn(area, 'start');
  const length = integerIn(area, 'length');
  const isWrong = offset === undefined || length === undefined || offset < start || length < 0;
  if (isWrong || !Number.isSafeInteger(offset + length))
    throw violation(request, 'has an area that cannot be');
  return { offset, length };
}

function violation({ deviceKey, machine }: ChangedAreasRequest, what: string): SendenseError {
  return new SendenseError('PROTOCOL_VIOLATION', `the list of changed areas of disk ${deviceKey} ${what}`, {
    operation: `vim-${QUERY}`,
    context: { machine: machine.id, deviceKey },
    remedy: 'report this with the version of the server; without change tracking the disk is read whole',
  });
}

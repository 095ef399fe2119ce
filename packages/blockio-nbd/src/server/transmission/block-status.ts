import { type Call, SendenseError } from '@sendense/core';
import {
  CommandFlag,
  type NbdRequest,
  type StatusChunk,
  type StatusDescriptor,
} from '../../protocol/index.ts';
import type { SelectedContext } from '../handshake/negotiation.ts';

/** Most runs of one context in one reply: clients ask on from where it ends. */
export const MAX_RUNS = 8192;
/** Most runs that are looked at for one reply: joined ones would otherwise be looked at for as long as a disk is large. */
const MAX_SCANNED = 65_536;
/** Most bytes that the runs of one context take, on the wire and in memory. */
export const RUNS_BYTES = MAX_RUNS * 64;

/** The runs of each chosen context from the start of the request, as many as fit; adjacent equal ones are joined. */
export async function blockStatus(
  contexts: readonly SelectedContext[],
  request: NbdRequest,
  call: Call,
): Promise<readonly StatusChunk[]> {
  const most = (request.flags & CommandFlag.requestOne) !== 0 ? 1 : MAX_RUNS;
  const chunks: StatusChunk[] = [];
  for (const { id, context } of contexts) {
    const range = { offset: request.offset, length: request.length };
    chunks.push({
      contextId: id,
      descriptors: await collectRuns(context.status(range, call), request, most),
    });
  }
  return chunks;
}

async function collectRuns(
  runs: AsyncIterable<{ readonly offset: number; readonly length: number; readonly flags: number }>,
  { offset, length }: NbdRequest,
  most: number,
): Promise<readonly StatusDescriptor[]> {
  const found: { length: number; flags: number }[] = [];
  const end = offset + length;
  let position = offset;
  let scanned = 0;
  for await (const run of runs) {
    if (run.offset !== position || run.length < 1) throw misordered(run.offset, position);
    const bytes = Math.min(run.length, end - position);
    const last = found.at(-1);
    if (last?.flags === run.flags) last.length += bytes;
    else if (found.length === most) break;
    else found.push({ length: bytes, flags: run.flags });
    position += bytes;
    scanned += 1;
    if (position === end || scanned === MAX_SCANNED) break;
  }
  if (found.length === 0) throw misordered(end, position);
  return found;
}

function misordered(offset: number, position: number): SendenseError {
  return new SendenseError(
    'PROTOCOL_VIOLATION',
    `block status leaves a gap or goes back at byte ${position}`,
    {
      operation: 'serve-nbd',
      context: { offset, position },
      remedy: 'report this to the author of the served context or reader',
    },
  );
}

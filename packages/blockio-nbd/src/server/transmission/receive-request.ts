import {
  Command,
  CommandFlag,
  type NbdRequest,
  parseRequest,
  requestBytes,
  violation,
} from '../../protocol/index.ts';
import { RUNS_BYTES } from './block-status.ts';
import { refusalOf } from './check-request.ts';
import { CACHE_STEP_BYTES } from './perform.ts';
import { READ_OVERHEAD_BYTES, type Reply } from './reply.ts';
import type { Session } from './session.ts';

/** A request with the data of a write; with a refusal there is nothing to do but to send that. */
export type ReceivedRequest = {
  readonly request: NbdRequest;
  readonly payload: Uint8Array;
  readonly refusal: Reply | undefined;
  /** Gives back what the request holds of the budgets. */
  readonly release: () => void;
};

/** Payload of a refused request that is read over. What is longer ends the connection. */
const MAX_SKIPPED_BYTES = 64 * 1024 * 1024;
const NOTHING = new Uint8Array();

/**
 * Receives one request. Nothing of its payload is taken in before it is found allowed and the bytes it needs are free.
 * Resolves with `undefined` when the client asks to end, or is gone.
 */
export async function receiveRequest(session: Session): Promise<ReceivedRequest | undefined> {
  const { stream, style, entry, contexts } = session;
  const freeSlot = await session.requests.take(1, stream.gone);
  if (freeSlot === undefined || !(await stream.nextBegins())) return undefined;
  const endWork = session.idle.begin();
  const request = parseRequest(await stream.receive(requestBytes(style)), style);
  if (request.command === Command.disconnect) return undefined;
  const payloadBytes = payloadBytesOf(session, request);
  const refusal = refusalOf(request, { entry, style, contexts: contexts.length });
  if (refusal !== undefined) {
    if (payloadBytes > MAX_SKIPPED_BYTES)
      throw violation('sent a payload beyond every limit', { payloadBytes });
    await stream.skip(payloadBytes);
    const release = () => {
      freeSlot();
      endWork();
    };
    return { request, payload: NOTHING, refusal, release };
  }
  const freeBytes = await takeBytes(session, bytesOf(session, request));
  if (freeBytes === undefined) return undefined;
  const release = () => {
    freeBytes();
    freeSlot();
    endWork();
  };
  try {
    const payload = payloadBytes === 0 ? NOTHING : await stream.receive(payloadBytes);
    return { request, payload, refusal: undefined, release };
  } catch (error) {
    release();
    throw error;
  }
}

/** Bytes that follow the request on the wire. QEMU 10 leaves out the flag that should tell of them on extended writes. */
function payloadBytesOf({ style }: Session, { command, flags, length }: NbdRequest): number {
  const flagged = style === 'extended' && (flags & CommandFlag.payloadLength) !== 0;
  return command === Command.write || flagged ? length : 0;
}

/** Memory that the request and its reply take. */
function bytesOf({ contexts }: Session, { command, length }: NbdRequest): number {
  switch (command) {
    case Command.read:
      return length + READ_OVERHEAD_BYTES;
    case Command.write:
      return length;
    case Command.cache:
      return Math.min(length, CACHE_STEP_BYTES);
    case Command.blockStatus:
      return contexts.length * RUNS_BYTES;
    default:
      return 0;
  }
}

/** Takes from the client's share first, so that a greedy client waits for itself and not others for it. */
async function takeBytes(
  { ownBytes, allBytes, stream }: Session,
  bytes: number,
): Promise<(() => void) | undefined> {
  const own = await ownBytes.take(bytes, stream.gone);
  if (own === undefined) return undefined;
  const all = await allBytes.take(bytes, stream.gone);
  if (all === undefined) {
    own();
    return undefined;
  }
  return () => {
    own();
    all();
  };
}

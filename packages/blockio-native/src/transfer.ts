import {
  type Call,
  MOVE_SLOTS,
  SendenseError,
  type TransferRequest,
  type TransferResult,
  throwIfAborted,
} from '@sendense/core';
import type { Addon, NativeFailure, TransferHost } from './addon.ts';
import { type KnownEndpoint, mapFailure } from './map-error.ts';
import { knownEndpoint, toNative } from './open-native.ts';
import type { CheckedOptions } from './options.ts';
import { pollProgress } from './progress-poll.ts';

/** The most bytes of a zero piece: each thread holds a buffer of at least that size. */
const MAX_PIECE_BYTES = 16 * 1024 * 1024;

function refused(message: string): SendenseError {
  return new SendenseError('RANGE_INVALID', message, { operation: 'check-moves' });
}

/** Sum of the lengths. Throws `RANGE_INVALID` when these are no packed moves; each move is checked natively. */
function totalBytes({ moves, zeros }: TransferRequest): number {
  if (moves.length % MOVE_SLOTS !== 0)
    throw refused(`${moves.length} slots are not whole moves of ${MOVE_SLOTS}`);
  const { pieceBytes } = zeros;
  if (!Number.isInteger(pieceBytes) || pieceBytes < 1 || pieceBytes > MAX_PIECE_BYTES)
    throw refused(`a zero piece has 1 to ${MAX_PIECE_BYTES} bytes, not ${pieceBytes}`);
  let total = 0;
  for (let at = MOVE_SLOTS - 1; at < moves.length; at += MOVE_SLOTS) total += moves[at] ?? 0;
  return total;
}

type Ends = { readonly from: readonly KnownEndpoint[]; readonly to: KnownEndpoint };

/** The endpoint that a failure names. */
function endpointOf(failure: NativeFailure, { from, to }: Ends): KnownEndpoint {
  return failure.endpoint === undefined ? to : (from[failure.endpoint] ?? to);
}

/**
 * Runs packed moves on native threads. It settles when none of them reads or writes any more: an abort takes effect after
 * the read or write of one buffer that each is in. Of an NBD server that does not answer after an abort nothing is awaited
 * for long; the error tells then what is open (`effect: 'unknown'`).
 */
export async function runTransfer(
  addon: Addon,
  host: TransferHost,
  options: CheckedOptions,
  request: TransferRequest,
  call?: Call,
): Promise<TransferResult> {
  throwIfAborted(call?.signal, 'transfer');
  const ends: Ends = { from: request.from.map(knownEndpoint), to: knownEndpoint(request.to) };
  const total = totalBytes(request);
  const from = await Promise.all(ends.from.map((endpoint) => toNative(endpoint, options)));
  const to = await toNative(ends.to, options);
  throwIfAborted(call?.signal, 'transfer');
  const control = new addon.TransferControl();
  const cancel = (): void => control.cancel();
  call?.signal?.addEventListener('abort', cancel, { once: true });
  const progress = pollProgress(call?.onProgress, total, () => control.done);
  let succeeded = false;
  try {
    const { failure, digests, zeros } = await host.start(
      {
        windowBytes: options.windowBytes,
        threads: options.threads,
        from,
        to,
        moves: request.moves,
        digest: request.digest,
        pieceBytes: request.zeros.pieceBytes,
        zeros: request.zeros.action,
        pastCache: options.pastCache,
      },
      control,
    );
    if (failure !== undefined) {
      const endpoint = endpointOf(failure, ends);
      throw mapFailure(failure, { operation: 'transfer', endpoint, signal: call?.signal });
    }
    succeeded = true;
    return { ...(digests && { digests }), zeros: zeros ?? new Float64Array() };
  } finally {
    call?.signal?.removeEventListener('abort', cancel);
    progress.stop(succeeded);
  }
}

import type { BlockEndpoint } from '../block/block-endpoint.ts';
import type { BlockIoDriver } from '../block/block-io-driver.ts';
import type { Chunker } from '../block/chunker.ts';
import { MOVE_SLOTS, type TransferRequest } from '../block/transfer.ts';
import { SendenseError } from '../errors/sendense-error.ts';
import { checkCapability, checkCount, checkObject } from './check-arguments.ts';
import { Gate } from './gate.ts';
import { guardOnce } from './guard-once.ts';
import { guardReader } from './guard-reader.ts';
import { guardWriter } from './guard-writer.ts';

/** A driver that receives only endpoints it supports and well-formed moves; its handles are guarded too. */
export const guardDriver = guardOnce<BlockIoDriver>((inner) => {
  const gate = new Gate(`driver ${inner.name}`);
  const { specificationVersion, name, packsZeros } = inner;
  const transfer = inner.transfer?.bind(inner);
  const chunker = inner.chunker?.bind(inner);
  const checkEndpoint = (endpoint: BlockEndpoint, use: 'read' | 'write', operation: string): void => {
    checkObject(endpoint, 'endpoint');
    const offered = inner.supports(endpoint, use);
    checkCapability(offered, `${use} of ${endpoint.kind} endpoints`, `driver ${name}`, operation);
  };
  return {
    specificationVersion,
    name,
    supports: (endpoint, use) => inner.supports(endpoint, use),
    openReader: (endpoint, call) =>
      gate.open(
        'open-reader',
        call,
        () => checkEndpoint(endpoint, 'read', 'open-reader'),
        async () => guardReader(await inner.openReader(endpoint, call)),
      ),
    openWriter: (endpoint, call) =>
      gate.open(
        'open-writer',
        call,
        () => checkEndpoint(endpoint, 'write', 'open-writer'),
        async () => guardWriter(await inner.openWriter(endpoint, call)),
      ),
    ...(packsZeros !== undefined && { packsZeros }),
    ...(transfer && {
      transfer: (request, call) =>
        gate.query(
          'transfer',
          call,
          () => {
            checkObject(request, 'request');
            for (const endpoint of request.from) checkEndpoint(endpoint, 'read', 'transfer');
            checkEndpoint(request.to, 'write', 'transfer');
            checkMoves(request);
            if (request.zeros.action === 'pack')
              checkCapability(packsZeros === true, 'packing of zeros', `driver ${name}`, 'transfer');
          },
          () => transfer(request, call),
        ),
    }),
    ...(chunker && { chunker: (options) => guardChunker(chunker(options)) }),
  };
});

function checkMoves({ from, moves, zeros }: TransferRequest): void {
  if (!(moves instanceof Float64Array)) throw new TypeError('moves must be a Float64Array');
  checkCount(zeros.pieceBytes, 'zeros.pieceBytes', 1);
  if (moves.length % MOVE_SLOTS !== 0)
    throw wrongMove(`moves are packed ${MOVE_SLOTS} a move; ${moves.length} numbers are not`);
  for (let at = 0; at < moves.length; at += MOVE_SLOTS) {
    const [index = -1, source = -1, destination = -1, length = -1] = moves.subarray(at, at + MOVE_SLOTS);
    if (!Number.isInteger(index) || index < 0 || index >= from.length)
      throw wrongMove(`move ${at / MOVE_SLOTS} names source ${index} of ${from.length}`);
    checkCount(length, 'the length of a move', 1);
    checkCount(source, 'the source of a move', 0);
    checkCount(destination, 'the destination of a move', 0);
    checkCount(source + length, 'the source end of a move', 1);
    checkCount(destination + length, 'the destination end of a move', 1);
  }
}

function wrongMove(message: string): SendenseError {
  return new SendenseError('RANGE_INVALID', message, { operation: 'transfer' });
}

const guardChunker = guardOnce<Chunker>((inner) => {
  const gate = new Gate('chunker');
  return {
    read: (from, ranges, call) =>
      gate.open(
        'read-chunks',
        call,
        () => checkObject(from, 'from'),
        () => inner.read(from, ranges, call),
      ),
    encode: (batch, wanted, call) =>
      gate.query('encode-chunks', call, undefined, () => inner.encode(batch, wanted, call)),
    decode: (frames, call) => gate.query('decode-chunks', call, undefined, () => inner.decode(frames, call)),
    decodeInto: (frame, id, into, call) =>
      gate.query('decode-chunks', call, undefined, () => inner.decodeInto(frame, id, into, call)),
    [Symbol.asyncDispose]: () => gate.close(inner),
  };
});

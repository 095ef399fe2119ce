import {
  type BlockEndpoint,
  type BlockIoDriver,
  checkRange,
  MOVE_SLOTS,
  SendenseError,
  type TransferRequest,
} from '@sendense/core';
import { createChunker } from '@sendense/plugin-kit/chunks';
import { loadBlake3 } from '@sendense/plugin-kit/digest';
import type { DiskContent } from './disk/disk-content.ts';
import { openMemoryReader } from './disk/memory-reader.ts';
import { openMemoryWriter } from './disk/memory-writer.ts';
import { Lifetime } from './lifetime.ts';

/** A disk that the memory driver can reach. */
export type MemoryEndpoint = { readonly kind: 'memory/disk'; readonly name: string };

/** A driver with the disks it reaches. */
export interface MemoryDriver extends BlockIoDriver {
  /** Makes `content` reachable; its endpoint is good until the driver is gone. */
  attach(name: string, content: DiskContent): MemoryEndpoint;
}

/** Moves bytes between disks in memory. */
export function createMemoryDriver(): MemoryDriver {
  const disks = new Map<string, DiskContent>();
  const find = (endpoint: BlockEndpoint): DiskContent => {
    if (endpoint.kind !== 'memory/disk') throw unsupported(endpoint);
    const content = disks.get(String(endpoint.name));
    if (content !== undefined) return content;
    throw new SendenseError('NOT_FOUND', `there is no memory disk ${String(endpoint.name)}`, {
      operation: 'open-endpoint',
    });
  };
  return {
    specificationVersion: 'v1',
    name: 'memory',
    attach(name, content) {
      disks.set(name, content);
      return { kind: 'memory/disk', name };
    },
    supports: (endpoint) => endpoint.kind === 'memory/disk',
    packsZeros: true,
    chunker: (options) => createChunker(options, async (endpoint) => openMemoryReader(find(endpoint))),
    async openReader(endpoint, call) {
      await new Lifetime('memory driver').enter('open-endpoint', call);
      return openMemoryReader(find(endpoint));
    },
    async openWriter(endpoint, call) {
      await new Lifetime('memory driver').enter('open-endpoint', call);
      return openMemoryWriter(find(endpoint));
    },
    async transfer(request, call) {
      const lifetime = new Lifetime('memory driver');
      await lifetime.enter('transfer', call);
      const blake3 = await loadBlake3();
      const sources = request.from.map(find);
      const target = find(request.to);
      const zeros: number[] = [];
      const digests: Uint8Array[] = [];
      const moves = movesOf(request);
      checkMoves(request, moves, target.sizeBytes);
      let packed = 0;
      for (const [index, move] of moves.entries()) {
        await lifetime.enter('transfer', call);
        const data = sourceBytes(sources[move.from], move);
        const found = moveBytes(target, move.target - packed, data, index, request.zeros);
        if (request.zeros.action === 'pack') packed += found.bytes;
        zeros.push(...found.packed);
        if (request.digest) digests.push(blake3(data));
      }
      return {
        zeros: Float64Array.from(zeros),
        ...(request.digest ? { digests: Buffer.concat(digests) } : {}),
      };
    },
  };
}

type Move = {
  readonly from: number;
  readonly source: number;
  readonly target: number;
  readonly length: number;
};

function sourceBytes(source: DiskContent | undefined, { source: offset, length }: Move): Uint8Array {
  checkRange({ offset, length }, source?.sizeBytes ?? 0, 'a move');
  return source?.bytes({ offset, length }) ?? new Uint8Array();
}

function movesOf({ moves }: TransferRequest): Move[] {
  return Array.from({ length: moves.length / MOVE_SLOTS }, (_, index) => {
    const [from = 0, source = 0, target = 0, length = 0] = moves.subarray(index * MOVE_SLOTS);
    return { from, source, target, length };
  });
}

function checkMoves({ zeros }: TransferRequest, moves: readonly Move[], sizeBytes: number): void {
  let end = moves[0]?.target;
  for (const { target, length } of moves) {
    checkRange({ offset: target, length }, sizeBytes, 'a move');
    if (zeros.action === 'pack' && target !== end)
      throw new SendenseError('RANGE_INVALID', 'moves apart cannot be packed', { operation: 'transfer' });
    end = target + length;
  }
}

/** Writes one move piece by piece; gives back its runs of zeros, as packed `[move, start, length]` and as bytes. */
function moveBytes(
  target: DiskContent,
  offset: number,
  data: Uint8Array,
  move: number,
  { pieceBytes, action }: TransferRequest['zeros'],
): { readonly packed: readonly number[]; readonly bytes: number } {
  const runs: [number, number, number][] = [];
  let bytes = 0;
  for (let at = 0; at < data.byteLength; at += pieceBytes) {
    const piece = data.subarray(at, at + pieceBytes);
    const zero = piece.byteLength === pieceBytes && piece.every((byte) => byte === 0);
    if (zero) {
      const last = runs.at(-1);
      if (last !== undefined && last[1] + last[2] === at) last[2] += pieceBytes;
      else runs.push([move, at, pieceBytes]);
      bytes += pieceBytes;
      if (action === 'write') target.zero(offset + at, pieceBytes);
    } else {
      target.write(offset + at - (action === 'pack' ? bytes : 0), piece);
    }
  }
  return { packed: runs.flat(), bytes };
}

function unsupported({ kind }: BlockEndpoint): SendenseError {
  return new SendenseError('UNSUPPORTED', `the memory driver cannot open ${kind} endpoints`, {
    operation: 'open-endpoint',
  });
}

import type { FileHandle } from '@sendense/plugin-kit/files';
import { describe, expect, it } from 'vitest';
import { type LoadLimits, loadsOf, sourceRuns } from './load.ts';
import type { OpenEndpoint } from './open-endpoint.ts';

const handle: FileHandle = {
  read: () => Promise.reject(new Error('nothing is read')),
  write: () => Promise.reject(new Error('nothing is written')),
  truncate: () => Promise.reject(new Error('nothing is cut')),
  sync: async () => undefined,
  size: async () => 0,
  [Symbol.asyncDispose]: async () => undefined,
};
const endpoint = (path: string): OpenEndpoint => {
  return { handle, endpoint: { kind: 'file', path }, sizeBytes: 1000, identity: path };
};
const from = [endpoint('a'), endpoint('b')];

/** `[destination, reads: [path, source, length]]` of each load. */
function loads(moves: readonly (readonly [number, number, number, number])[], limits: Partial<LoadLimits>) {
  const packed = Float64Array.from(moves.flat());
  const made = loadsOf(packed, from, { bufferBytes: 8, pieceBytes: 2, gather: true, ...limits });
  return [...made].map((load) => [
    load.destination,
    [...sourceRuns(load)].map((run) => [run.from.endpoint.path, run.source, run.length]),
  ]);
}

describe('loadsOf', () => {
  it('fills buffers with what follows at the destination, and reads at once what lies together', () => {
    const moves = [
      [0, 10, 50, 4],
      [0, 14, 54, 2],
      [1, 90, 56, 4],
      [1, 94, 60, 2],
      [1, 96, 80, 2],
    ] as const;
    expect(loads(moves, {})).toEqual([
      [
        50,
        [
          ['a', 10, 6],
          ['b', 90, 2],
        ],
      ],
      [58, [['b', 92, 4]]],
      [80, [['b', 96, 2]]],
    ]);
  });

  it('cuts a move between its zero pieces only', () => {
    const moves = [
      [0, 0, 0, 3],
      [0, 100, 3, 9],
    ] as const;
    expect(loads(moves, {})).toEqual([
      [
        0,
        [
          ['a', 0, 3],
          ['a', 100, 4],
        ],
      ],
      [7, [['a', 104, 5]]],
    ]);
    expect(loads(moves, { bufferBytes: 4, pieceBytes: 4 })).toEqual([
      [0, [['a', 0, 3]]],
      [3, [['a', 100, 4]]],
      [7, [['a', 104, 4]]],
      [11, [['a', 108, 1]]],
    ]);
  });

  it('takes one part at a time where nothing may be gathered', () => {
    const moves = [
      [0, 0, 0, 2],
      [0, 2, 2, 12],
    ] as const;
    expect(loads(moves, { gather: false })).toEqual([
      [0, [['a', 0, 2]]],
      [2, [['a', 2, 8]]],
      [10, [['a', 10, 4]]],
    ]);
  });
});

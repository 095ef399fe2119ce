import type { TransferRequest } from '@sendense/core';
import { describe, expect, it } from 'vitest';
import { checkMoves } from './packed-moves.ts';

const request = (moves: number[], pieceBytes = 4096): TransferRequest => ({
  from: [{ kind: 'file', path: '/a' }],
  to: { kind: 'file', path: '/b' },
  digest: false,
  moves: Float64Array.from(moves),
  zeros: { pieceBytes, action: 'skip' },
});
const sizes = { from: [100, 50], to: 80 };
const refused = expect.objectContaining({ code: 'RANGE_INVALID' });

describe('checkMoves', () => {
  it('accepts moves that end exactly at both ends', () => {
    expect(() => checkMoves(request([0, 20, 0, 80, 1, 0, 30, 50]), sizes)).not.toThrow();
  });

  it.each([
    ['a torn move', [0, 0, 0]],
    ['a source that is not there', [2, 0, 0, 1]],
    ['a fractional source index', [0.5, 0, 0, 1]],
    ['a source range past the end', [1, 40, 0, 11]],
    ['a destination range past the end', [0, 0, 75, 6]],
    ['a negative offset', [0, -1, 0, 1]],
    ['a fractional length', [0, 0, 0, 1.5]],
    ['nothing to move', [0, 0, 0, 0]],
    ['not a number', [0, 0, Number.NaN, 1]],
    ['infinity', [0, 0, 0, Number.POSITIVE_INFINITY]],
    ['beyond 2^53', [0, 2 ** 60, 0, 1]],
  ])('refuses %s', (_what, moves) => {
    expect(() => checkMoves(request(moves), sizes)).toThrow(refused);
  });

  it.each([0, -4096, 1.5, 2 ** 30])('refuses zero pieces of %d bytes', (pieceBytes) => {
    expect(() => checkMoves(request([], pieceBytes), sizes)).toThrow(refused);
  });
});

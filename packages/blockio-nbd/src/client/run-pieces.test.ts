import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { pieceBytes, runPieces, splitRange } from './run-pieces.ts';

describe('runPieces', () => {
  it('runs a short range as it is, with the signal of the caller', async () => {
    const { signal } = new AbortController();
    const seen: unknown[] = [];
    await runPieces({ offset: 3, length: 4 }, 4, async (...call) => void seen.push(call), {
      atOnce: 2,
      signal,
    });
    expect(seen).toEqual([[{ offset: 3, length: 4 }, signal]]);
  });

  it('runs as many pieces at once as it may, and each once', async () => {
    let running = 0;
    let most = 0;
    const seen: number[] = [];
    await runPieces(
      { offset: 10, length: 95 },
      10,
      async ({ offset, length }) => {
        most = Math.max(most, ++running);
        seen.push(offset, length);
        await turn();
        running -= 1;
      },
      { atOnce: 3 },
    );
    expect(most).toBe(3);
    expect(seen).toEqual(
      [...splitRange({ offset: 10, length: 95 }, 10)].flatMap(({ offset, length }) => [offset, length]),
    );
    expect(seen.slice(-2)).toEqual([100, 5]);
  });

  it('after a failure begins no more, tells those under way to stop, and waits for them', async () => {
    const begun: number[] = [];
    let stopped = 0;
    let ended = 0;
    const running = runPieces(
      { offset: 0, length: 100 },
      10,
      async ({ offset }, signal) => {
        begun.push(offset);
        if (offset === 10) throw new Error('piece 10');
        for (let turns = 0; turns < 5; turns++) await turn();
        if (signal?.aborted === true) stopped += 1;
        ended += 1;
      },
      { atOnce: 3 },
    );
    await expect(running).rejects.toThrow('piece 10');
    expect([begun, stopped, ended]).toEqual([[0, 10, 20], 2, 2]);
  });
});

describe('pieceBytes', () => {
  it.each([
    [65_536, 4096, 65_536],
    [20_480, 8192, 16_384],
    [100, 512, 512],
  ])('of at most %i in units of %i is %i', (most, unit, wanted) => {
    expect(pieceBytes(most, unit)).toBe(wanted);
  });
});

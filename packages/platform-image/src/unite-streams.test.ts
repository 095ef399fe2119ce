import type { ByteRange } from '@sendense/core';
import { describe, expect, it } from 'vitest';
import { uniteStreams } from './unite-streams.ts';

async function* streamOf(...ranges: readonly (readonly [number, number])[]): AsyncGenerator<ByteRange> {
  for (const [offset, length] of ranges) yield { offset, length };
}

async function united(...streams: readonly AsyncIterable<ByteRange>[]): Promise<readonly number[][]> {
  const ranges: number[][] = [];
  for await (const { offset, length } of uniteStreams(streams)) ranges.push([offset, length]);
  return ranges;
}

describe('uniteStreams', () => {
  it('joins what overlaps or touches, in whichever stream it is', async () => {
    expect(
      await united(streamOf([0, 2], [8, 8], [40, 1]), streamOf([2, 2], [10, 2], [16, 4], [30, 1])),
    ).toEqual([
      [0, 4],
      [8, 12],
      [30, 1],
      [40, 1],
    ]);
  });

  it('passes one stream on, and ends without any', async () => {
    expect(await united(streamOf([1, 1], [4, 1]))).toEqual([
      [1, 1],
      [4, 1],
    ]);
    expect(await united()).toEqual([]);
  });
});

import { BufferPool } from '@sendense/plugin-kit/chunks';
import { seededBytes } from '@sendense/testkit';
import { expect, it } from 'vitest';
import { FrameBuffer } from './frame-buffer.ts';

it('frames of any length come out as they were added, whatever becomes of them afterwards', () => {
  const frames = new FrameBuffer(new BufferPool(1000, 8));
  const all = [1, 999, 1000, 1, 2500, 0, 499].map((length, at) => seededBytes(at, length));
  const whole = Buffer.concat(all);
  for (const frame of all) {
    frames.add(frame);
    frame.fill(0);
  }
  const parts = frames.parts();
  expect(Buffer.compare(Buffer.concat(parts), whole)).toBe(0);
  expect(parts.map(({ byteLength }) => byteLength)).toEqual([1000, 1000, 1000, 1000, 1000]);
});

it('buffers are taken by nobody else before they are given back, and then by the next pack', () => {
  const pool = new BufferPool(1000, 8);
  const [one, other] = [new FrameBuffer(pool), new FrameBuffer(pool)];
  one.add(new Uint8Array(1500).fill(1));
  const parts = one.parts();
  other.add(new Uint8Array(1500).fill(2));
  expect(Buffer.concat(parts).every((byte) => byte === 1)).toBe(true);
  one.giveBack();
  const next = new FrameBuffer(pool);
  next.add(new Uint8Array(2000).fill(3));
  const memory = new Set(parts.map(({ buffer }) => buffer));
  expect(next.parts().every(({ buffer }) => memory.has(buffer))).toBe(true);
  expect(Buffer.concat(other.parts()).every((byte) => byte === 2)).toBe(true);
});

it('a pack without frames has no parts', () => {
  expect(new FrameBuffer(new BufferPool(10, 1)).parts()).toEqual([]);
});

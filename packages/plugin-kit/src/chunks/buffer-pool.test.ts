import { expect, it } from 'vitest';
import { BufferPool } from './buffer-pool.ts';

it('a pool gives a buffer again once it was given back, and never to two at once', () => {
  const pool = new BufferPool(64, 4);
  const [one, other] = [pool.take(), pool.take()];
  expect([one.byteLength, other.byteLength]).toEqual([64, 64]);
  expect(one.buffer).not.toBe(other.buffer);
  pool.give(one);
  expect(pool.take()).toBe(one);
  expect([one, other]).not.toContain(pool.take());
});

it('a pool keeps no more than it may, and nothing once it is cleared', () => {
  const pool = new BufferPool(64, 2);
  const buffers = [pool.take(), pool.take(), pool.take()];
  for (const buffer of buffers) pool.give(buffer);
  const again = [pool.take(), pool.take(), pool.take()];
  expect(again.filter((buffer) => buffers.includes(buffer))).toHaveLength(2);
  for (const buffer of again) pool.give(buffer);
  pool.clear();
  expect(again).not.toContain(pool.take());
});

it('a pool refuses a buffer that it has back already, and one that it did not give', () => {
  const pool = new BufferPool(64, 2);
  const buffer = pool.take();
  expect(() => pool.give(buffer.subarray(1))).toThrow(/another pool/);
  expect(() => new BufferPool(64, 2).give(buffer)).toThrow(/another pool/);
  pool.give(buffer);
  expect(() => pool.give(buffer)).toThrow(/twice/);
  const next = pool.take();
  pool.give(next);
  expect(next).toBe(buffer);
  expect(() => pool.give(buffer)).toThrow(/twice/);
});

import { expect, it } from 'vitest';
import { createPageBuffers, PAGE_BYTES } from './page-buffers.ts';

it('gives zeroed buffers of the size asked for, which share no byte and begin on pages', () => {
  const buffers = createPageBuffers(3, 100_001);
  buffers.forEach((buffer, index) => {
    expect([buffer.byteLength, buffer.byteOffset % PAGE_BYTES]).toEqual([100_001, 0]);
    expect(Buffer.from(buffer).equals(Buffer.alloc(100_001))).toBe(true);
    buffer.fill(index + 1);
  });
  buffers.forEach((buffer, index) => {
    expect(Buffer.from(buffer).equals(Buffer.alloc(100_001, index + 1))).toBe(true);
  });
});

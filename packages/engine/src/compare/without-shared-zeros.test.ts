import { collect, DiskContent, openMemoryReader } from '@sendense/testkit';
import { expect, it } from 'vitest';
import { withoutSharedZeros } from './without-shared-zeros.ts';

it('leaves out zeros that both prove, and keeps those over data and beyond the end', async () => {
  const other = new DiskContent(64 * 1024);
  other.write(8192, new Uint8Array(4096).fill(1));
  async function* extents() {
    yield { offset: 0, length: 4096, kind: 'data' } as const;
    yield { offset: 4096, length: 128 * 1024, kind: 'zero' } as const;
  }
  const kept = await collect(withoutSharedZeros(extents(), openMemoryReader(other), 'zero', {}));
  expect(kept).toEqual([
    { offset: 0, length: 4096, kind: 'data' },
    { offset: 8192, length: 4096, kind: 'zero' },
    { offset: 64 * 1024, length: 68 * 1024, kind: 'zero' },
  ]);
});

import { describe, expect, it } from 'vitest';
import { diskIdsOf } from './disk-id.ts';

describe('diskIdsOf', () => {
  it('names disks by their paths', () => {
    expect(diskIdsOf(['/a/1.raw', '/b/1.raw'], undefined)).toEqual(['/a/1.raw', '/b/1.raw']);
  });

  it('names disks of a machine with an id by their file names, so that the images may be moved', () => {
    expect(diskIdsOf(['/a/1.raw', '/a/2.raw'], 'm')).toEqual(['1.raw', '2.raw']);
  });

  it('falls back to paths where file names do not differ', () => {
    expect(diskIdsOf(['/a/1.raw', '/b/1.raw'], 'm')).toEqual(['/a/1.raw', '/b/1.raw']);
  });

  it('takes the digest of a path that is no id', () => {
    const [long, odd] = diskIdsOf([`/${'x'.repeat(300)}`, '/a\nb'], undefined);
    expect(long).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(odd).toMatch(/^sha256:[0-9a-f]{64}$/);
  });
});

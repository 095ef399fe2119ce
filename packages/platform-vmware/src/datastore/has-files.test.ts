import { describe, expect, it } from 'vitest';
import { hasFiles } from './has-files.ts';

describe('the disks of a datastore', () => {
  it.each(['VMFS', 'NFS', 'NFS41', 'VFFS', 'unknown', ''])('are files where it is of the kind %j', (type) => {
    expect(hasFiles({ type })).toBe(true);
  });

  it.each(['vsan', 'vsanD', 'VVOL', 'PMEM', 'VSAN', 'vvol', 'pmem', 'vsand'])(
    'are no files where it is of the kind %j',
    (type) => {
      expect(hasFiles({ type })).toBe(false);
    },
  );
});

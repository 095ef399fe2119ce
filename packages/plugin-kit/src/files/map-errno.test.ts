import { expect, it } from 'vitest';
import { mapErrno } from './map-errno.ts';

it('says what to do about a missing path, a folder for a file and a read-only file system', () => {
  for (const code of ['ENOENT', 'EISDIR', 'EROFS']) {
    const failed = mapErrno(Object.assign(new Error(code), { code }), 'open-file', '/disks/vm.qcow2');
    expect([code, failed.remedy]).toEqual([code, expect.any(String)]);
  }
});

import { expect, it } from 'vitest';
import { parseMountTable } from './mount-table.ts';

const TABLE = [
  '27 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/vda rw,discard',
  String.raw`90 27 7:3 / /mnt/a\040b\134c\303\251 ro,nosuid - xfs /dev/loop3 ro,norecovery`,
  '91 27 0:50 / /mnt/win ro - fuse /state/mounts/1/disks/v0 ro,user_id=0',
  'no mount at all',
  '',
];

it('a mount table is read with its optional fields, its escaped names, and without what is no mount', () => {
  expect(parseMountTable(TABLE.join('\n'))).toEqual([
    { path: '/', fileSystem: 'ext4', source: '/dev/vda' },
    { path: '/mnt/a b\\cé', fileSystem: 'xfs', source: '/dev/loop3' },
    { path: '/mnt/win', fileSystem: 'fuse', source: '/state/mounts/1/disks/v0' },
  ]);
});

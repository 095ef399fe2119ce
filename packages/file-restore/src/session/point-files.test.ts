import { expect, it } from 'vitest';
import { madeTree } from '../../test/support/made-tree.ts';
import { notSupported } from '../bytes/damage.ts';
import type { FileSystemReader } from '../file-system-reader.ts';
import { type OpenVolume, PointFiles } from './point-files.ts';

const WITH = madeTree([['file', 'here']]);
const WITHOUT = madeTree([]);
/** Whatever is looked for in it may be in the cloud. */
const ELSEWHERE: FileSystemReader = {
  ...WITHOUT,
  lookup: () => Promise.reject(notSupported('it may be in the cloud')),
};

function pointOf(...readers: readonly FileSystemReader[]): PointFiles {
  const volumes = readers.map((reader, index) => ({ volume: { id: `disk-${index}` }, reader }) as OpenVolume);
  return new PointFiles(volumes, []);
}

const find = (files: PointFiles) => files.find('/file', { followLast: true });

it('A path that one volume has is found, also where another may have it elsewhere', async () => {
  for (const files of [pointOf(ELSEWHERE, WITH), pointOf(WITH, ELSEWHERE)])
    expect(await find(files)).toMatchObject({ reader: WITH, stat: { type: 'file' } });
});

it('A path that no volume has is refused where one may have it elsewhere, and else missing', async () => {
  for (const files of [pointOf(ELSEWHERE, WITHOUT), pointOf(WITHOUT, ELSEWHERE)])
    await expect(find(files)).rejects.toMatchObject({
      code: 'FORMAT_UNSUPPORTED',
      message: 'it may be in the cloud',
    });
  await expect(find(pointOf(WITHOUT, WITHOUT))).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

import { addBitmap, openQcow2 } from '@sendense/formats/qcow2';
import { collect } from '@sendense/testkit';
import { nbdMap, nbdUri, startQemuNbd } from '@sendense/tests/nbd';
import { describeWithPeers } from '@sendense/tests/peers';
import { expect, it } from 'vitest';
import { qemuImg, qemuIo } from './qemu.ts';
import { temporaryFolder } from './temporary-folder.ts';

type Run = { readonly offset: number; readonly length: number; readonly type: number };

describeWithPeers(['qemu-nbd', 'nbdinfo'], 'a bitmap we add', () => {
  it.each(['cluster_size=64k', 'cluster_size=512', 'extended_l2=on'])(
    'is served by qemu-nbd, with the ranges that we read from it (%s)',
    async (options) => {
      await using folder = await temporaryFolder();
      const image = folder.file('disk.qcow2');
      await qemuImg('create', '-q', '-f', 'qcow2', '-o', options, image, '64M');
      await qemuIo(image, 'write 0 1M');
      await addBitmap(image, { name: 'ours', granularityBytes: 65_536 });
      await qemuIo(image, 'write 5M 100k', 'write -z 20M 64k', 'write 63M 1M');
      await using ours = await openQcow2(image);
      const dirty = await collect(ours.dirtyExtents('ours'));
      expect(dirty).toHaveLength(3);
      const served = { image, format: 'qcow2', readOnly: true, bitmap: 'ours' } as const;
      await using server = await startQemuNbd({ ...served, socket: folder.file('nbd.sock') });
      const runs = (await nbdMap(nbdUri(server.address), 'qemu:dirty-bitmap:ours')) as Run[];
      const theirs = runs.filter(({ type }) => type === 1).map(({ offset, length }) => ({ offset, length }));
      expect(theirs).toEqual(dirty);
    },
  );
});

import { createFormatConverter } from '@sendense/formats/convert';
import { createVhdx } from '@sendense/formats/vhdx';
import { DiskContent, seededBytes } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { expect, it } from 'vitest';
import { firstDifferenceOfFile, mountByLibyal } from '../libyal.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const MIB = 1024 * 1024;
const SIZE = 5 * MIB + 4096;

describeWithPeers(['vhdimount', 'fuse'], 'a VHDX with sectors of 4096 bytes that we write', () => {
  it.each(['dynamic', 'fixed'] as const)(
    'is read by libyal, and after a conversion: %s',
    async (subformat) => {
      await using folder = await temporaryFolder();
      const content = new DiskContent(SIZE);
      {
        await using writer = await createVhdx(folder.file('first.vhdx'), {
          sizeBytes: SIZE,
          blockBytes: MIB,
          logicalSectorBytes: 4096,
          subformat,
        });
        for (const [seed, offset] of [0, 3 * MIB - 4096, 5 * MIB].entries()) {
          const data = seededBytes(seed + 1, offset === 5 * MIB ? 4096 : 12_288);
          content.write(offset, data);
          await writer.write(offset, data);
        }
        await writer.flush();
      }
      await createFormatConverter().convert({
        source: { path: folder.file('first.vhdx') },
        target: { path: folder.file('second.vhdx'), format: 'vhdx', subformat },
        overwrite: false,
      });
      for (const name of ['first.vhdx', 'second.vhdx']) {
        await using mounted = await mountByLibyal('vhdx', folder.file(name), 0);
        expect(await firstDifferenceOfFile(mounted.path, content), name).toBeUndefined();
      }
    },
  );
});

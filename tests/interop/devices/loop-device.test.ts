import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFileDriver } from '@sendense/blockio-file';
import { createNativeDriver, findNativeDriver } from '@sendense/blockio-native';
import { readNativeMode } from '@sendense/plugin-kit';
import { describeUnless, describeWithPeers } from '@sendense/tests/peers';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';

const SIZE = 3 * 1024 * 1024 + 512;

/** The drivers that open block devices, and why one of them cannot be tried here. */
const drivers = [
  { name: 'file', reason: null, create: createFileDriver },
  { name: 'native', reason: findNativeDriver(readNativeMode()).reason, create: createNativeDriver },
] as const;

describeWithPeers(['loop-mounts'], 'a block device', () => {
  for (const { name, reason, create } of drivers) {
    describeUnless(reason, `by the ${name} driver`, () => {
      let folder: string;
      let path: string;
      /** Path of the loop device; empty while there is none. */
      let device = '';
      beforeEach(async () => {
        folder = await mkdtemp(join(tmpdir(), 'sendense-device-'));
        path = join(folder, 'disk');
        await writeFile(path, Buffer.alloc(SIZE, 7));
        device = (await execa('losetup', ['--find', '--show', path])).stdout;
      });
      afterEach(async () => {
        if (device !== '') await execa('losetup', ['--detach', device]);
        device = '';
        await rm(folder, { recursive: true });
      });

      it('knows its size, is written and zeroed, and reads back', async () => {
        const driver = create();
        {
          await using writer = await driver.openWriter({ kind: 'device', path: device });
          expect(writer.sizeBytes).toBe(SIZE);
          await writer.write(1024, Buffer.alloc(512, 9));
          await writer.zero(SIZE - 1024, 1024);
          await writer.flush();
        }
        const expected = Buffer.alloc(SIZE, 7)
          .fill(9, 1024, 1536)
          .fill(0, SIZE - 1024);
        await using reader = await driver.openReader({ kind: 'device', path: device });
        const read = Buffer.alloc(SIZE);
        await reader.read(0, read);
        expect(Buffer.compare(read, expected)).toBe(0);
        expect(Buffer.compare(await readFile(path), expected)).toBe(0);
      });

      it('is refused under the name of a file, so that no disk is overwritten by mistake', async () => {
        await expect(create().openWriter({ kind: 'file', path: device })).rejects.toMatchObject({
          code: 'UNSUPPORTED',
          remedy: expect.stringContaining('device'),
        });
      });
    });
  }
});

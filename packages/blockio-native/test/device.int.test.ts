import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNativeDriver } from '@sendense/blockio-native';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';

describeWithPeers(['loop-mounts'], 'the native driver on a block device', () => {
  const sizeBytes = 3 * 1024 * 1024 + 512;
  const driver = createNativeDriver();
  let folder: string;
  let path: string;
  /** Path of the loop device; empty while there is none. */
  let device = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sendense-device-'));
    path = join(folder, 'disk');
    await writeFile(path, Buffer.alloc(sizeBytes, 7));
    device = execFileSync('losetup', ['--find', '--show', path], { encoding: 'utf8' }).trim();
  });
  afterEach(async () => {
    if (device !== '') execFileSync('losetup', ['--detach', device]);
    device = '';
    await rm(folder, { recursive: true });
  });

  it('knows its size, writes and zeroes it, and reads it back', async () => {
    {
      await using writer = await driver.openWriter({ kind: 'device', path: device });
      expect(writer.sizeBytes).toBe(sizeBytes);
      await writer.write(1024, Buffer.alloc(512, 9));
      await writer.zero(sizeBytes - 1024, 1024);
      await writer.flush();
    }
    const expected = Buffer.alloc(sizeBytes, 7)
      .fill(9, 1024, 1536)
      .fill(0, sizeBytes - 1024);
    await using reader = await driver.openReader({ kind: 'device', path: device });
    const read = Buffer.alloc(sizeBytes);
    await reader.read(0, read);
    expect(Buffer.compare(read, expected)).toBe(0);
    expect(Buffer.compare(await readFile(path), expected)).toBe(0);
  });

  it('is refused under the name of a file, so that no disk is overwritten by mistake', async () => {
    await expect(driver.openWriter({ kind: 'file', path: device })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      remedy: expect.stringContaining('device'),
    });
  });
});

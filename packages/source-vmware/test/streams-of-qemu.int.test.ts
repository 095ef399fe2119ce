import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { opened, readAll, scattered } from './stream-fixtures.ts';

const run = promisify(execFile);

describeWithPeers(['qemu-img'], 'a streamOptimized VMDK that QEMU wrote', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sendense-stream-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is read as a stream, and refused where its last grain is missing', async () => {
    const content = scattered();
    const [raw, vmdk] = [join(folder, 'raw'), join(folder, 'vmdk')] as const;
    await writeFile(raw, content.bytes());
    const subformat = ['-o', 'subformat=streamOptimized'];
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'vmdk', ...subformat, raw, vmdk]);
    const stream = await readFile(vmdk);
    expect((await readAll(opened([stream], content.sizeBytes).reader)).equals(content.bytes())).toBe(true);
    const table = stream.readUInt32LE(stream.readUInt32LE(56) * 512) * 512;
    const last = stream.readUInt32LE(table + 39 * 4) * 512;
    const { reader } = opened([stream.subarray(0, last)], content.sizeBytes);
    await expect(readAll(reader)).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  });
});

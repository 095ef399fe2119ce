import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { seededBytes } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { startTestVcenter } from '@sendense/tests/vmware';
import { execa } from 'execa';
import { expect, it } from 'vitest';

const FLOW = fileURLToPath(new URL('./pyvmomi-restore.py', import.meta.url));
const UPLOAD = fileURLToPath(new URL('./pyvmomi-upload.py', import.meta.url));

describeWithPeers(['test-vcenter', 'pyvmomi'], "a restore by VMware's own Python client", () => {
  it('makes a machine with the bytes that were sent, and is refused what no host takes', async () => {
    await using server = await startTestVcenter({ machines: 0 });
    const { stdout } = await execa('/usr/bin/python3', ['-W', 'ignore', FLOW, JSON.stringify(server)], {
      timeout: 60_000,
    });
    expect(JSON.parse(stdout)).toEqual({
      refused: { 'another type': 415, 'no login': 401, 'another key': 404, 'no stream': 500 },
      late: 404,
      left: false,
      sent: 200,
      disks: ['[LocalDS_0] restored/restored.vmdk'],
      held: 'vim.fault.FileLocked',
      running: 'poweredOn',
    });
    const flat = (name: string) => readFile(join(server.datastoreDir, name, `${name}-flat.vmdk`));
    expect((await flat('restored')).equals(await flat('app-1'))).toBe(true);
  });
  it('puts a flat disk on a datastore whole, which a machine then has, and is refused what no host takes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sendense-upload-'));
    try {
      const bytes = seededBytes(7, 3 * 2 ** 20);
      const extent = join(folder, 'extent');
      await writeFile(extent, bytes);
      await using server = await startTestVcenter({ machines: 0 });
      const args = ['-W', 'ignore', UPLOAD, JSON.stringify(server), extent];
      const { stdout } = await execa('/usr/bin/python3', args, { timeout: 60_000 });
      expect(JSON.parse(stdout)).toEqual({
        refused: { 'no login': 401, 'a part': 400, 'no room': 507 },
        before: 404,
        sent: [200, 200],
        disk: ['[LocalDS_0] uploaded/disk.vmdk', bytes.byteLength],
        running: 500,
        isWhole: true,
        removed: [200, 204, 404],
      });
      const stored = await readFile(join(server.datastoreDir, 'uploaded', 'disk-flat.vmdk'));
      expect(stored.equals(bytes)).toBe(true);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

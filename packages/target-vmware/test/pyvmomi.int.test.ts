import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeWithPeers } from '@sendense/tests/peers';
import { startTestVcenter } from '@sendense/tests/vmware';
import { execa } from 'execa';
import { expect, it } from 'vitest';

const FLOW = fileURLToPath(new URL('./pyvmomi-restore.py', import.meta.url));

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
});

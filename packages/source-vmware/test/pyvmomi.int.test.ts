import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeWithPeers } from '@sendense/tests/peers';
import { startTestVcenter } from '@sendense/tests/vmware';
import { execa } from 'execa';
import { expect, it } from 'vitest';

const FLOW = fileURLToPath(new URL('./pyvmomi-files.py', import.meta.url));

describeWithPeers(['test-vcenter', 'pyvmomi'], "a backup by VMware's own Python client", () => {
  it('takes a snapshot of a guest at rest and reads its files from the host by tickets, each good for one request', async () => {
    await using server = await startTestVcenter({ machines: 0 });
    const flat = await readFile(join(server.datastoreDir, 'app-1', 'app-1-flat.vmdk'));
    const { stdout } = await execa('/usr/bin/python3', ['-W', 'ignore', FLOW, JSON.stringify(server)], {
      timeout: 60_000,
    });
    expect(JSON.parse(stdout)).toEqual({
      held: 500,
      restless: 'vim.fault.ApplicationQuiesceFault',
      noneIsLeft: true,
      rest: { True: true, False: false },
      status: 200,
      sha256: createHash('sha256').update(flat).digest('hex'),
      part: [206, true],
      refused: { 'a second time': 401, 'another file': 401, 'another method': 401 },
    });
  });
});

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeWithPeers } from '@sendense/tests/peers';
import { startTestVcenter } from '@sendense/tests/vmware';
import { execa } from 'execa';
import { expect, it } from 'vitest';

const FLOW = fileURLToPath(new URL('./pyvmomi-flow.py', import.meta.url));
const BLOCK = 65_536;

describeWithPeers(['test-vcenter', 'pyvmomi'], "the test vCenter, by VMware's own Python client", () => {
  it('tracks changes over several replies, under a snapshot and after a reset, and gives and takes the bytes of an instant', async () => {
    await using server = await startTestVcenter({ machines: 0 });
    const { stdout } = await execa('/usr/bin/python3', ['-W', 'ignore', FLOW, JSON.stringify(server)], {
      timeout: 60_000,
    });
    const restored = await readFile(join(server.datastoreDir, 'brought-back', 'brought-back-flat.vmdk'));
    expect(JSON.parse(stdout)).toEqual({
      areas: [3, 5, 9].map((block) => [block * BLOCK, BLOCK]),
      later: [[0, BLOCK]],
      afterReset: [[7 * BLOCK, BLOCK]],
      pages: 2,
      incrementalIsTheInstant: true,
      restoredIsTheInstant: true,
      faults: {
        'past the end': 'vmodl.fault.InvalidArgument',
        'another epoch': 'vim.fault.FileFault',
        'before a reset': 'vim.fault.FileFault',
      },
      sha256: createHash('sha256').update(restored).digest('hex'),
    });
  });
});

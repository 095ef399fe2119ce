import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { Guest } from '../../packages/source-vmware/test/guest.ts';
import { VcenterBench } from '../../packages/source-vmware/test/vcenter-bench.ts';
import { toRaw } from './qemu.ts';

const MIB = 2 ** 20;
const EXAMPLES = path.resolve(import.meta.dirname, '../../examples');
const FLAGS = ['--conditions=@sendense/source', '--disable-warning=ExperimentalWarning'];

describeWithPeers(['test-vcenter', 'qemu-img'], 'the examples of VMware', () => {
  it('back a machine up in full and by its changes, and restore it to images', async () => {
    await using bench = await VcenterBench.start();
    const home = await mkdtemp(path.join(tmpdir(), 'sendense-vmware-'));
    const example = async (name: string, ...args: string[]) => {
      const { user, password, thumbprint } = bench.server;
      const env = {
        SENDENSE_VMWARE_USER: user,
        SENDENSE_VMWARE_PASSWORD: password,
        SENDENSE_VMWARE_THUMBPRINT: thumbprint,
      };
      const file = path.join(EXAMPLES, `${name}.ts`);
      const { stdout } = await execa(process.execPath, [...FLAGS, file, ...args], { cwd: home, env });
      return stdout.split('\n');
    };
    try {
      const guest = await Guest.boot(bench, [2 * MIB, MIB]);
      await guest.write(0, 0, MIB);
      const { name } = guest.machine;
      const source = `${bench.server.url.replace('https:', 'vmware:')}/${name}`;
      const full = await example('backup-vmware', source);
      expect(full[0]).toMatch(/^full \S+, filesystem: 3145728 bytes read$/);
      expect(full[1]).toMatch(/^full because /);
      await guest.write(1, 200_000, 5000);
      const [next] = await example('backup-vmware', source);
      expect(next).toMatch(/^incremental \S+, filesystem: 65536 bytes read$/);
      expect(await example('restore-vmware-to-image', 'backups', name)).toEqual([
        expect.stringMatching(new RegExp(`^${name} \\(bios\\) of \\S+Z is in restored$`)),
        '2 disks, verified: true',
      ]);
      for (const [index, truth] of guest.now().entries()) {
        const raw = path.join(home, `disk-${index}.raw`);
        await toRaw(path.join(home, 'restored', `disk-${index}.qcow2`), raw);
        expect((await readFile(raw)).equals(truth)).toBe(true);
      }
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });
});

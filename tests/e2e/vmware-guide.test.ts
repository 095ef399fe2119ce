import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describeWithPeers } from '@sendense/tests/peers';
import { startTestVcenter } from '@sendense/tests/vmware';
import { execa } from 'execa';
import { expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');
const GUIDE = path.join(ROOT, 'docs/guides/vmware.md');

/** The commands below "Try it without vSphere", as a reader copies them. */
async function commandsToTry(): Promise<string> {
  const section = (await readFile(GUIDE, 'utf8')).split('## Try it without vSphere')[1] ?? '';
  const commands = /```sh\n(.*?)```/s.exec(section)?.[1];
  if (commands === undefined) throw new Error(`${GUIDE} has no commands to try`);
  return commands;
}

describeWithPeers(['test-vcenter'], 'the guide to VMware', () => {
  it('has commands that back the test vCenter up in full and then by one block', async () => {
    await using vcenter = await startTestVcenter();
    const home = await mkdtemp(path.join(tmpdir(), 'sendense-guide-'));
    try {
      const commands = (await commandsToTry())
        .replaceAll('CAFILE ', `${vcenter.caFile} `)
        .replaceAll('DATASTOREDIR', vcenter.datastoreDir)
        .replaceAll('PORT', new URL(vcenter.url).port)
        .replaceAll('/tmp/tried', path.join(home, 'tried'));
      const { stdout } = await execa('bash', ['-ec', commands], { cwd: ROOT, env: { HOME: home } });
      const [full = '', increment = ''] = stdout.split(/^app-1: (?=full|incremental)/m).slice(1);
      expect(full).toMatch(/^full \(this is the first backup[\s\S]*read +6\.0 MiB/);
      expect(increment).toMatch(/^incremental\n[\s\S]*read +64\.0 KiB, changed 64\.0 KiB/);
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });
});

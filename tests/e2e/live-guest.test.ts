import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bootGuest } from '@sendense/tests/guest';
import { startLibvirt } from '@sendense/tests/libvirt';
import { describeWithPeers } from '@sendense/tests/peers';
import { expect, it } from 'vitest';
import { ctlJson, jsonOf, runCtl } from '../../packages/cli/test/run-ctl.ts';

describeWithPeers(['guest', 'libvirt', 'qemu-img', 'ext4-tools'], 'a guest with a guest agent', () => {
  it('is frozen by --consistency filesystem; without its agent that fails, unless crash is accepted', async () => {
    await using libvirt = await startLibvirt();
    await using domain = await bootGuest(libvirt);
    const home = await mkdtemp(path.join(tmpdir(), 'sendense-guest-'));
    try {
      const source = `libvirt:${domain.name}?uri=${encodeURIComponent(libvirt.uri)}`;
      const where = ['--repository', 'backups'];
      const backup = ['backup', 'start', '--source', source, ...where, '--consistency', 'filesystem'];
      await ctlJson(home, ['repository', 'init', ...where]);
      const frozen = await ctlJson(home, backup);
      expect(frozen).toMatchObject({ consistency: 'filesystem', kind: 'full', findings: [] });
      expect(domain.guest.takeHooks()).toEqual(['freeze', 'thaw']);
      await domain.guest.run('kill -KILL $agent');
      await domain.agentIs('disconnected');
      const refused = await runCtl(home, [...backup, '--json']);
      expect([refused.code, jsonOf(refused)]).toMatchObject([1, { error: { code: 'QUIESCE_FAILED' } }]);
      const weaker = await ctlJson(home, [...backup, '--accept-consistency', 'crash']);
      const findings = [expect.objectContaining({ code: 'consistency-weakened' })];
      expect(weaker).toMatchObject({ consistency: 'crash', kind: 'incremental', findings });
      expect(await ctlJson(home, ['backup', 'list', ...where])).toMatchObject({
        points: expect.arrayContaining([
          expect.objectContaining({ id: frozen.pointId, consistency: 'filesystem' }),
          expect.objectContaining({ id: weaker.pointId, consistency: 'crash' }),
        ]),
      });
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });
});

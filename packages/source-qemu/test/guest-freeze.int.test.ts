import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GuestBench, type GuestPoint } from './guest-bench.ts';

const FROZEN = { want: 'filesystem', accept: 'filesystem' } as const;
const PROGRAM = fileURLToPath(new URL('./freezing-process.ts', import.meta.url));
const PEERS = ['guest', 'libvirt', 'qemu-img', 'ext4-tools'];

describeWithPeers(PEERS, 'a guest that writes, with a guest agent', () => {
  let bench: GuestBench;

  beforeAll(async () => {
    bench = await GuestBench.open();
  }, 180_000);

  afterAll(() => bench[Symbol.asyncDispose]());

  it('is frozen for each of four points: clean file systems that hold all it wrote before, synced or not', async () => {
    const { guest } = bench;
    let last: GuestPoint | undefined;
    for (let round = 0; round < 4; round++) {
      await guest.more(10);
      const { written } = guest;
      const point: GuestPoint = await bench.round(FROZEN, last, () =>
        guest.run(`touch /data/late-${round}; sync`),
      );
      expect(point.kind).toBe(round === 0 ? 'full' : 'incremental');
      expect(point.capture).toMatchObject({ consistency: 'filesystem', findings: [] });
      expect(guest.takeHooks()).toEqual(['freeze', 'thaw']);
      const { disk } = point;
      expect(disk).toMatchObject({ needsRecovery: false, complaints: '' });
      const [cached, synced] = [await disk.records('cached'), await disk.records('synced')];
      expect(cached).toBeGreaterThanOrEqual(written.cached);
      expect(synced).toBeGreaterThanOrEqual(written.synced);
      expect([0, 1]).toContain(cached - synced); // one is written after the other
      expect([await disk.has(`late-${round - 1}`), await disk.has(`late-${round}`)]).toEqual([
        round > 0,
        false,
      ]);
      last = point;
    }
  });

  it('has a journal to replay when it is not frozen, and then holds all that it had synced', async () => {
    const { guest } = bench;
    await guest.more(10);
    const { written } = guest;
    const { disk, capture } = await bench.round({ want: 'crash', accept: 'crash' });
    expect(capture).toMatchObject({ consistency: 'crash', findings: [] });
    expect(guest.takeHooks()).toEqual([]);
    expect(disk.needsRecovery).toBe(true);
    const replayed = await disk.replay();
    expect(replayed).toMatchObject({ needsRecovery: false, complaints: '' });
    expect(await replayed.records('synced')).toBeGreaterThanOrEqual(written.synced);
  });

  /** What comes of a guest that cannot be frozen, by what is accepted. Nothing may be left, and the guest must go on. */
  async function weakenings() {
    const { guest } = bench;
    const before = await bench.checkpoints();
    const refused = await bench.capture(FROZEN).catch((error: unknown) => error);
    expect(await bench.checkpoints()).toEqual(before);
    const { capture } = await bench.round({ want: 'filesystem', accept: 'crash' });
    expect(capture.consistency).toBe('crash');
    await guest.run('echo on >/data/on');
    return { refused, findings: capture.findings };
  }

  const why = (text: RegExp) => expect.stringMatching(text);
  const weaker = (text: RegExp) => ({
    code: 'consistency-weakened',
    severity: 'warning',
    message: why(text),
  });

  it('whose hook of the agent refuses to freeze is a refusal, or a finding where that is accepted', async () => {
    await bench.guest.run('echo \'[ "$1" = thaw ]\' >/run/hook');
    const { refused, findings } = await weakenings();
    expect(refused).toMatchObject({ code: 'QUIESCE_FAILED', message: why(/hook has failed/) });
    expect(findings).toMatchObject([weaker(/hook has failed/)]);
  });

  it('whose hook of the agent fails when it is thawed is not called frozen', async () => {
    await bench.guest.run('echo \'[ "$1" = freeze ]\' >/run/hook');
    const { refused, findings } = await weakenings();
    expect(refused).toMatchObject({
      code: 'QUIESCE_FAILED',
      message: why(/may still be frozen.*hook has failed/),
    });
    expect(findings).toMatchObject([
      weaker(/0 were surely frozen/),
      { code: 'thaw-failed', severity: 'error' },
    ]);
  });

  it('that thawed itself before the instant is not called frozen', async () => {
    const early = '[ "$1" = thaw ] || (until fsfreeze --unfreeze /data; do :; done) 2>/dev/null &';
    await bench.guest.run(`echo '${early}' >/run/hook`);
    const { refused, findings } = await weakenings();
    expect(refused).toMatchObject({ code: 'QUIESCE_FAILED', message: why(/0 were surely frozen/) });
    expect(findings).toMatchObject([weaker(/0 were surely frozen/)]);
  });

  it('goes on when the process of the backup is killed while it is frozen', async () => {
    const { guest } = bench;
    await guest.run('echo "sleep 1" >/run/hook');
    guest.takeHooks();
    const options = { libvirt: { uri: bench.libvirt.uri, domain: bench.domain.name } };
    const work = JSON.stringify({ options, user: process.getuid?.() ?? 0 });
    const child = spawn(process.execPath, [...process.execArgv, PROGRAM, work], { stdio: 'ignore' });
    const ended = once(child, 'exit');
    await guest.hooked('freeze');
    child.kill('SIGKILL');
    await ended;
    await guest.hooked('thaw');
    // until the thaw is answered nobody else can ask the agent: its hook still sleeps
    await bench.domain.agentAnswers();
    await guest.more(1);
    expect(guest.takeHooks()).toEqual(['freeze', 'thaw']);
  });

  it('whose agent hangs is a refusal, or a finding where that is accepted; it does not freeze later', async () => {
    await bench.guest.run('echo "exit 0" >/run/hook; kill -STOP $agent');
    bench.guest.takeHooks();
    const { refused, findings } = await weakenings();
    expect(refused).toMatchObject({ code: 'QUIESCE_FAILED', message: why(/not responding/) });
    expect(findings).toMatchObject([weaker(/not responding/)]);
    await bench.guest.run('kill -CONT $agent');
    expect((await bench.round(FROZEN)).capture.consistency).toBe('filesystem');
    expect(bench.guest.takeHooks()).toEqual(['freeze', 'thaw']);
  });

  it('with nothing that can be frozen is not called frozen', async () => {
    await bench.guest.run('stop_writing; umount /data');
    const { refused, findings } = await weakenings();
    expect(refused).toMatchObject({ code: 'QUIESCE_FAILED', message: why(/no file system/) });
    expect(findings).toMatchObject([weaker(/no file system/)]);
  });

  it('whose agent is gone is a refusal, or a finding where that is accepted', async () => {
    await bench.guest.run('kill -KILL $agent');
    await bench.domain.agentIs('disconnected');
    const { refused, findings } = await weakenings();
    expect(refused).toMatchObject({ code: 'QUIESCE_FAILED', message: why(/not connected/) });
    expect(findings).toMatchObject([weaker(/not connected/)]);
  });
});

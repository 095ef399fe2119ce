import { type LogRecord, SendenseError, systemClock, systemRandom } from '@sendense/core';
import { createSnapshot, describeMachine, type VimInvoke, vimObject } from '@sendense/platform-vmware';
import { systemTimer } from '@sendense/plugin-kit';
import { describeWithPeers } from '@sendense/tests/peers';
import { beforeAll, expect, it } from 'vitest';
import type { Connection, SourceContext } from '../src/context.ts';
import { freeze } from '../src/freeze.ts';
import { checkOptions } from '../src/options.ts';
import { freezeAnew } from '../src/reset-tracking.ts';
import { Guest, requestOf } from './guest.ts';
import { useBench, type VcenterBench } from './vcenter-bench.ts';

const MINE = { name: 'mine', description: '', quiesce: false };

describeWithPeers(['test-vcenter'], 'change tracking that is to begin anew', () => {
  const opened = useBench();
  let bench: VcenterBench;
  beforeAll(() => {
    bench = opened();
  });

  /** A machine at its snapshot; `before` runs ahead of each call, and may put another in its place. */
  async function frozenMachine(
    before: (...call: Parameters<VimInvoke>) => Promise<Parameters<VimInvoke> | undefined> = async () =>
      undefined,
  ) {
    const { machine } = await Guest.boot(bench, [1024 * 1024]);
    const logged: LogRecord[] = [];
    const invoke: VimInvoke = async (...call) => {
      return bench.operator.invoke(...((await before(...call)) ?? call));
    };
    const inOneSession: typeof bench.operator.inOneSession = (run, call) =>
      bench.operator.inOneSession((ask) => {
        const told: VimInvoke = async (...asked) => ask(...((await before(...asked)) ?? asked));
        return run(told);
      }, call);
    const vim = new Proxy(bench.operator, {
      get(operator, name) {
        const value: unknown = Reflect.get(operator, name, operator);
        if (name === 'invoke') return invoke;
        if (name === 'inOneSession') return inOneSession;
        return typeof value === 'function' ? value.bind(operator) : value;
      },
    });
    const connection = { vim } as Connection;
    const context = {
      options: checkOptions({ address: 'vc.example', user: 'u', track: 'repair' }),
      clock: systemClock,
      random: systemRandom,
      timer: systemTimer,
      log: (record: LogRecord) => void logged.push(record),
    } as unknown as SourceContext;
    const request = requestOf(machine);
    const read = (await describeMachine(bench.operator, machine.object)).machine;
    const frozen = await freeze(context, connection, read, request);
    const seen = { ...read, changeTracking: { supported: true, enabled: true } };
    const anew = (call = {}) =>
      freezeAnew(context, connection, seen, request, { frozen, why: 'it fails' }, call);
    const epoch = async () => {
      const disks = await bench.server.control<{ changeId: string }[]>('disks', { machine: machine.name });
      return disks[0]?.changeId.split('/')[0];
    };
    return { machine, frozen, anew, epoch, logged };
  }

  const broken = ({
    findings,
  }: {
    readonly findings: readonly { readonly code: string; readonly message: string }[];
  }) => findings.filter(({ code }) => code === 'change-tracking-broken').map(({ message }) => message);

  const codes = ({ findings }: { readonly findings: readonly { readonly code: string }[] }) =>
    findings.map(({ code }) => code);

  it('does so with a word in the log before it is switched off', async () => {
    const { anew, epoch, logged } = await frozenMachine();
    const before = await epoch();
    const answer = await anew();
    expect(codes(answer)).toContain('change-tracking-reset');
    expect(codes(answer)).not.toContain('change-tracking-broken');
    expect(await epoch()).not.toBe(before);
    expect(logged.map(({ level }) => level)).toEqual(['warn']);
  });

  it('goes on over a snapshot that somebody took after ours, which is told', async () => {
    const { machine, frozen, anew, epoch } = await frozenMachine();
    const before = await epoch();
    await createSnapshot(bench.operator, machine.object, MINE);
    const answer = await anew();
    expect(broken(answer)).toEqual([expect.stringMatching(/over 1 snapshots \("mine"\)/)]);
    expect(answer.snapshot).toBe(frozen.snapshot);
    expect(await epoch()).toBe(before);
    expect((await bench.snapshots(machine)).map((text) => text.split(/[.:]/)[0])).toEqual([
      'sendense',
      'mine',
    ]);
  });

  it('goes on over a snapshot that somebody took while ours was removed, which is told', async () => {
    let isArmed = false;
    const { machine, frozen, anew, epoch } = await frozenMachine(async (method) => {
      if (method !== 'RemoveSnapshot_Task' || !isArmed) return undefined;
      isArmed = false;
      await createSnapshot(bench.operator, machine.object, MINE);
      return undefined;
    });
    isArmed = true;
    const before = await epoch();
    const answer = await anew();
    expect(codes(answer)).toContain('change-tracking-broken');
    expect(codes(answer)).not.toContain('change-tracking-reset');
    expect(answer.snapshot.object.id).not.toBe(frozen.snapshot.object.id);
    expect(await epoch()).toBe(before);
  });

  it.each([
    ['off', 1],
    ['on', 2],
  ])(
    'comes into effect later for a snapshot that somebody took before it was switched %s, which is named',
    async (_to, at) => {
      let switches = Number.NaN;
      const { machine, anew } = await frozenMachine(async (method) => {
        if (method !== 'ReconfigVM_Task') return undefined;
        switches += 1;
        if (switches === at) await createSnapshot(bench.operator, machine.object, MINE);
        return undefined;
      });
      switches = 0;
      expect(broken(await anew())).toEqual([expect.stringMatching(/later.*"mine"/)]);
    },
  );

  it('is left alone by a backup that was cancelled, which leaves no snapshot', async () => {
    const { machine, anew, epoch, logged } = await frozenMachine();
    const before = await epoch();
    await expect(anew({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await epoch()).toBe(before);
    expect(logged).toEqual([]);
    expect(await bench.snapshots(machine)).toEqual([]);
  });

  it('is told by the error of a backup that fails after it was switched off', async () => {
    let switches = 0;
    const { machine, anew } = await frozenMachine(async (method) => {
      if (method === 'ReconfigVM_Task') switches += 1;
      if (switches === 3 && method === 'ReconfigVM_Task')
        throw new SendenseError('PERMISSION_DENIED', 'not now', { operation: 'test' });
      return undefined;
    });
    // the first switches tracking on, the second off
    await expect(anew()).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      effect: 'unknown',
      context: { trackingReset: 'it fails' },
    });
    expect(await bench.snapshots(machine)).toEqual([]);
  });

  it('is on again though the snapshots cannot be read while it is off', async () => {
    let switches = Number.NaN;
    let isStunned = false;
    let failures = 0;
    const { anew, epoch } = await frozenMachine(async (method) => {
      if (method === 'ReconfigVM_Task') switches += 1;
      if (method === 'RemoveSnapshot_Task') isStunned = switches === 1;
      if (method !== 'RetrievePropertiesEx' || switches !== 1 || !isStunned) return undefined;
      failures += 1;
      throw new SendenseError('CONNECTION_LOST', 'not now', { operation: 'test' });
    });
    const before = await epoch();
    switches = 0;
    expect(codes(await anew())).toContain('change-tracking-reset');
    expect({ switches, failures }).toEqual({ switches: 2, failures: 1 });
    expect(await epoch()).not.toBe(before);
  });

  it('and goes on with the epoch that it had is told', async () => {
    let isArmed = false;
    const { anew, epoch } = await frozenMachine(async (method, object) =>
      isArmed && method === 'ReconfigVM_Task' ? [method, object, [['spec', vimObject([])]]] : undefined,
    );
    const before = await epoch();
    isArmed = true;
    expect(broken(await anew())).toEqual([expect.stringMatching(/goes on as before/)]);
    expect(await epoch()).toBe(before);
  });
});

import { type Keep, SendenseError, systemClock } from '@sendense/core';
import type { VimClient, VimInvoke } from '@sendense/platform-vmware';
import { seededBytes } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, expect, it } from 'vitest';
import type { TargetContext } from '../src/context.ts';
import { reconcileLeftovers } from '../src/restore/reconcile-leftovers.ts';
import { planOf, requestOf, runOf, send, type TestRun } from './restore-work.ts';
import { useBench } from './vcenter-bench.ts';

const DISKS = [seededBytes(12, 2 ** 20)];
const KEEP: Keep = { owner: 'sendense', states: [], captures: [], restores: [], replicas: [], graceMs: 0 };

describeWithPeers(['test-vcenter'], 'a reconcile of which a part fails', () => {
  const bench = useBench();
  afterEach(() => bench().clear());

  /** A restore that died at the beginning of a phase: at `disks` its machine was made and none of its disks was moved. */
  async function leave(name: string, phase = 'disks'): Promise<string> {
    await using target = bench().target({ name });
    const plan = await planOf(target, requestOf(DISKS));
    const run = runOf();
    const dying: TestRun = {
      ...run,
      async save(state) {
        await run.save(state);
        if ((state.data as { phase?: unknown }).phase === phase) throw new Error('the process died');
      },
    };
    const writer = await target.begin(plan, dying);
    await send(writer, DISKS);
    await expect(writer.commit()).rejects.toThrow('the process died');
    return plan.id;
  }

  /** A session to which the server refuses to remove one machine. */
  function refusing(id: string): VimClient {
    const invoke: VimInvoke = async (...call) => {
      const [method, object] = call;
      if (method === 'Destroy_Task' && object.id === id)
        throw new SendenseError('PERMISSION_DENIED', 'the user lacks a right', { operation: 'test' });
      return bench().client.invoke(...call);
    };
    return new Proxy(bench().client, {
      get(client, name) {
        const value: unknown = Reflect.get(client, name, client);
        return name === 'invoke' ? invoke : typeof value === 'function' ? value.bind(client) : value;
      },
    });
  }

  async function names(): Promise<readonly string[]> {
    return (await bench().objects()).filter((name) => !name.includes('/')).toSorted();
  }

  it('tells of it, removes all else, and keeps what holds the disks of a machine that stays', async () => {
    const first = await leave('first');
    const second = await leave('second');
    const { object } = (await bench().machine('first')).machine;
    const context = {
      connect: async () => refusing(object.id),
      options: { pool: 'DC0_C0', owner: 'sendense' },
      clock: systemClock,
      installation: async () => undefined,
    } as unknown as TargetContext;
    const report = await reconcileLeftovers(context, KEEP, undefined);
    expect(report.removed.toSorted()).toEqual([`${second}-disk-0`, 'second'].toSorted());
    expect(report.findings).toMatchObject([
      {
        severity: 'warning',
        code: 'leftover-held',
        message: expect.stringMatching(/^first .*lacks a right/),
      },
    ]);
    expect(await names()).toEqual(['first', `${first}-disk-0`].toSorted());
    await using later = bench().target();
    expect(await later.reconcile(KEEP)).toMatchObject({ findings: [] });
    expect(await names()).toEqual([]);
  });

  it.each([
    ['has none of its disks yet', 'disks'],
    ['has all of its disks', 'name'],
  ])(
    'leaves a machine that its user has started when it %s, with what belongs to it, and tells what to do',
    async (_when, phase) => {
      const plan = await leave('first', phase);
      const before = await bench().objects();
      await bench().power('first', 'on');
      await using target = bench().target();
      const running = {
        severity: 'warning',
        code: 'leftover-in-use',
        message: expect.stringMatching(
          new RegExp(`^first is not off.*${plan}.* out of its notes .* switch it off`),
        ),
      };
      expect(await target.reconcile(KEEP)).toEqual({ removed: [], findings: [running] });
      expect(await bench().objects()).toEqual(before);
      expect((await bench().machine('first')).machine.power).toBe('on');
      await bench().power('first', 'off');
      expect(await target.reconcile(KEEP)).toMatchObject({ findings: [] });
      expect(await names()).toEqual([]);
    },
  );

  it('leaves a machine that its user has started and kept, by its notes, for good', async () => {
    await leave('first', 'name');
    await bench().power('first', 'on');
    await bench().annotate('first', 'mine');
    await using target = bench().target();
    await bench().power('first', 'off');
    expect(await target.reconcile(KEEP)).toEqual({ removed: [], findings: [] });
    expect(await names()).toEqual(['first']);
  });
});

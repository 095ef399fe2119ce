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

  /** A restore that died when its machine was made and none of its disks was moved. */
  async function leave(name: string): Promise<string> {
    await using target = bench().target({ name });
    const plan = await planOf(target, requestOf(DISKS));
    const run = runOf();
    const dying: TestRun = {
      ...run,
      async save(state) {
        await run.save(state);
        if ((state.data as { phase?: unknown }).phase === 'disks') throw new Error('the process died');
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
});

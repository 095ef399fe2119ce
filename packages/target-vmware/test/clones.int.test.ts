import type { RestorePlan, RestoreState, TargetConnector } from '@sendense/core';
import { seededBytes } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { planOf, requestOf, runOf, send, type TestRun } from './restore-work.ts';
import { useBench } from './vcenter-bench.ts';

const DISKS = [seededBytes(5, 2 ** 20), seededBytes(6, 2 ** 20)];

type Known = { id: string; instanceUuid: string | null } | null;

/** What a saved state holds of the machines. */
function stateOf({ data }: RestoreState) {
  return data as { phase: string; machine: Known; disks: Record<string, { carrier: Known }> };
}

describeWithPeers(['test-vcenter'], 'the machines of a restore', () => {
  const bench = useBench();
  let target: TargetConnector;
  let plan: RestorePlan;
  beforeEach(async () => {
    target = bench().target();
    plan = await planOf(target, requestOf(DISKS));
  });
  afterEach(async () => {
    await target[Symbol.asyncDispose]();
    await bench().clear();
  });

  async function names(): Promise<readonly string[]> {
    return (await bench().objects()).filter((name) => !name.includes('/'));
  }

  it('are not those that somebody cloned of them: the disks go to our own', async () => {
    const writer = await target.begin(plan, runOf());
    await send(writer, DISKS);
    await bench().copyNotes(`${plan.id}-disk-0`, 'a clone');
    await writer.commit();
    await writer[Symbol.asyncDispose]();
    expect((await bench().content('restored', 0)).equals(Buffer.from(DISKS[0] ?? []))).toBe(true);
    expect((await bench().machine('a clone')).machine.disks).toEqual([]);
    expect(await names()).toEqual(['a clone', 'restored']);
  });

  it('are removed by a rollback whatever their names and notes are now, and clones of them are not', async () => {
    const run = runOf();
    const writer = await target.begin(plan, run);
    await send(writer, DISKS);
    await bench().copyNotes(`${plan.id}-disk-0`, 'a clone');
    await bench().annotate(`${plan.id}-disk-1`, 'mine');
    await bench().rename(`${plan.id}-disk-1`, 'mine');
    await writer[Symbol.asyncDispose]();
    await using later = bench().target();
    const undone = await later.begin(plan, runOf(run));
    await undone.rollback();
    await undone[Symbol.asyncDispose]();
    expect(await names()).toEqual(['a clone']);
  });

  it('are found by a repeated commit after their user wrote notes of his own and renamed the machine', async () => {
    const run = runOf();
    const writer = await target.begin(plan, run);
    await send(writer, DISKS);
    const first = await writer.commit();
    await bench().annotate('restored', 'mine');
    await bench().rename('restored', 'mine');
    expect(await writer.commit()).toEqual(first);
    await writer[Symbol.asyncDispose]();
    await using later = bench().target();
    const repeated = await later.begin(plan, runOf(run));
    expect(await repeated.commit()).toEqual(first);
    await repeated[Symbol.asyncDispose]();
    expect(await names()).toEqual(['mine']);
  });

  it('are gone for a repeated commit when their user has removed them, though a clone is there', async () => {
    const writer = await target.begin(plan, runOf());
    await send(writer, DISKS);
    await writer.commit();
    await bench().copyNotes('restored', 'a clone');
    await bench().remove('restored');
    await expect(writer.commit()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it.each([
    ['a disk', undefined],
    ['the machine', 'disks'],
  ])('are not others that have the id of the one of %s since the server was put back', async (_of, last) => {
    const run = runOf();
    const dying: TestRun = {
      ...run,
      async save(state) {
        await run.save(state);
        if (last !== undefined && stateOf(state).phase === last) throw new Error('the process died');
      },
    };
    const writer = await target.begin(plan, dying);
    await send(writer, DISKS);
    if (last !== undefined) await expect(writer.commit()).rejects.toThrow('the process died');
    await writer[Symbol.asyncDispose]();
    await bench().copyNotes(`${plan.id}-disk-0`, 'of somebody');
    const { object } = (await bench().machine('of somebody')).machine;
    const saved = structuredClone(run.saved.at(-1)) as RestoreState;
    const data = stateOf(saved);
    const known = last === undefined ? data.disks['disk-0']?.carrier : data.machine;
    expect(known?.instanceUuid).toMatch(/^[0-9a-f-]{36}$/);
    if (known !== undefined && known !== null) known.id = object.id;
    run.saved.push(saved);
    await using later = bench().target();
    const undone = await later.begin(plan, runOf(run));
    await undone.rollback();
    await undone[Symbol.asyncDispose]();
    expect(await names()).toContain('of somebody');
  });
});

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Keep, RestorePlan, RestoreState, TargetConnector } from '@sendense/core';
import { seededBytes } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { planOf, requestOf, runOf, send, type TestRun } from './restore-work.ts';
import { useBench } from './vcenter-bench.ts';

const OLD = [seededBytes(9, 2 ** 20)];
const DISKS = [seededBytes(10, 2 ** 20)];

/** Nothing is kept. */
const KEEP: Keep = {
  owner: 'sendense',
  states: [],
  captures: [],
  restores: [],
  replicas: [],
  graceMs: 0,
};

describeWithPeers(['test-vcenter'], 'what is left of restores', () => {
  const bench = useBench();
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sendense-installations-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
    await bench().clear();
  });

  const targetOf = (installation: string): TargetConnector =>
    bench().target({ stateFolder: join(folder, installation) });

  /** What a reconcile of an installation removes; of one without an id by default. */
  async function reconcile(installation?: string, keep: Partial<Keep> = {}) {
    await using target = installation === undefined ? bench().target() : targetOf(installation);
    return await target.reconcile({ ...KEEP, ...keep });
  }

  /** Sends the disks of a restore, and commits it up to the end of a step. What dies disposes of nothing. */
  async function leave(target: TargetConnector, plan: RestorePlan, last?: string): Promise<void> {
    const run = runOf();
    const dying: TestRun = {
      ...run,
      async save(state: RestoreState) {
        await run.save(state);
        if ((state.data as { phase?: unknown }).phase === last) throw new Error('the process died');
      },
    };
    const writer = await target.begin(plan, dying);
    await send(writer, DISKS);
    if (last !== undefined) await expect(writer.commit()).rejects.toThrow('the process died');
  }

  async function names(): Promise<readonly string[]> {
    return (await bench().objects()).filter((name) => !name.includes('/'));
  }

  it('is removed by the installation that made it, and by no other', async () => {
    await using theirs = targetOf('theirs');
    const plan = await planOf(theirs, requestOf(DISKS));
    await leave(theirs, plan);
    const littered = await bench().objects();
    expect(await reconcile('ours')).toEqual({ removed: [], findings: [] });
    expect(await reconcile()).toEqual({ removed: [], findings: [] });
    expect(await bench().objects()).toEqual(littered);
    expect(await reconcile('theirs', { restores: [plan.id] })).toMatchObject({ removed: [] });
    expect(await reconcile('theirs')).toEqual({ removed: [`${plan.id}-disk-0`], findings: [] });
    expect(await names()).toEqual([]);
  });

  it('of somebody whose name begins as ours does stays', async () => {
    await using theirs = bench().target({ owner: 'sendense-b' });
    await leave(theirs, await planOf(theirs, requestOf(DISKS)));
    expect(await reconcile()).toEqual({ removed: [], findings: [] });
    expect(await reconcile(undefined, { owner: 'sendense-b' })).toMatchObject({
      removed: [expect.any(String)],
    });
  });

  it('is known from a clone that a user made of it', async () => {
    await using target = targetOf('ours');
    const plan = await planOf(target, requestOf(DISKS));
    await leave(target, plan);
    await bench().copyNotes(`${plan.id}-disk-0`, 'a clone');
    expect(await reconcile('ours')).toEqual({ removed: [`${plan.id}-disk-0`], findings: [] });
    expect(await names()).toEqual(['a clone']);
  });

  it('has an id of its installation that several targets make at once and keep', async () => {
    const targets = Array.from({ length: 4 }, () => targetOf('ours'));
    await Promise.all(targets.map((target) => target.reconcile(KEEP)));
    for (const target of targets) await target[Symbol.asyncDispose]();
    const id = await readFile(join(folder, 'ours', 'installation-id'), 'utf8');
    await using target = targetOf('ours');
    const plan = await planOf(target, requestOf(DISKS));
    await leave(target, plan);
    expect(await bench().annotation(`${plan.id}-disk-0`)).toContain(`by ${id.trim()},`);
  });

  it.each([
    ['before the old machine was set aside', 'name', []],
    ['when the old machine was set aside', 'name', ['restored']],
    ['when the new machine had the name', 'name', ['restored', 'new']],
  ] as const)('gives the old machine its name back: of one that died %s', async (_when, phase, renamed) => {
    await using target = targetOf('ours');
    const first = await target.begin(await planOf(target, requestOf(OLD)), runOf());
    await send(first, OLD);
    await first.commit();
    const before = await bench().objects();
    const plan = await planOf(target, { ...requestOf(DISKS), overwrite: true });
    await leave(target, plan, phase);
    if (renamed.length > 0) await bench().rename('restored', `${plan.id}-replaced`);
    if (renamed.length > 1) await bench().rename(plan.id, 'restored');
    await reconcile('ours');
    expect(await bench().objects()).toEqual(before);
    expect((await bench().content('restored')).equals(Buffer.from(OLD[0] ?? []))).toBe(true);
  });

  it('of a machine that was replaced whole is the old one, which goes', async () => {
    await using target = targetOf('ours');
    const first = await target.begin(await planOf(target, requestOf(OLD)), runOf());
    await send(first, OLD);
    await first.commit();
    const plan = await planOf(target, { ...requestOf(DISKS), overwrite: true });
    await leave(target, plan, 'committed');
    expect(await names()).toEqual(['restored', `${plan.id}-replaced`].sort());
    expect(await reconcile('ours', { restores: [plan.id] })).toEqual({ removed: [], findings: [] });
    expect(await reconcile('theirs')).toEqual({ removed: [], findings: [] });
    expect(await reconcile('ours')).toEqual({ removed: [`${plan.id}-replaced`], findings: [] });
    expect((await bench().content('restored')).equals(Buffer.from(DISKS[0] ?? []))).toBe(true);
  });

  it('of a machine that was replaced and could not be removed is the old one, which goes once the restore is known to be complete', async () => {
    await using target = targetOf('ours');
    const first = await target.begin(await planOf(target, requestOf(OLD)), runOf());
    await send(first, OLD);
    await first.commit();
    const plan = await planOf(target, { ...requestOf(DISKS), overwrite: true });
    const run = runOf();
    const aside = `${plan.id}-replaced`;
    const writer = await target.begin(plan, {
      ...run,
      async save(state) {
        await run.save(state);
        if ((state.data as { phase?: unknown }).phase === 'committed') await bench().power(aside, 'on');
      },
    });
    await send(writer, DISKS);
    expect(await writer.commit()).toMatchObject({ findings: [{ code: 'replaced-machine-stays' }] });
    const keep = { restores: [plan.id], completed: [plan.id] };
    expect(await reconcile('ours', keep)).toMatchObject({
      removed: [],
      findings: [{ code: 'replaced-machine-stays' }],
    });
    await bench().power(aside, 'off');
    expect(await reconcile('ours', { restores: [plan.id], completed: [] })).toMatchObject({ removed: [] });
    expect(await reconcile('ours', keep)).toEqual({ removed: [aside], findings: [] });
    expect(await names()).toEqual(['restored']);
    expect((await bench().content('restored')).equals(Buffer.from(DISKS[0] ?? []))).toBe(true);
  });

  it('that cannot be told apart any more is a finding', async () => {
    await using target = targetOf('ours');
    const first = await target.begin(await planOf(target, requestOf(OLD)), runOf());
    await send(first, OLD);
    await first.commit();
    const plan = await planOf(target, { ...requestOf(DISKS), overwrite: true });
    await bench().rename('restored', `${plan.id}-replaced`);
    expect(await reconcile('ours')).toMatchObject({
      removed: [],
      findings: [{ severity: 'warning', code: 'replaced-machine-stays' }],
    });
  });

  it('and has the name of a machine that is gone stays: it is the only one', async () => {
    await using target = targetOf('ours');
    const first = await target.begin(await planOf(target, requestOf(OLD)), runOf());
    await send(first, OLD);
    await first.commit();
    const plan = await planOf(target, { ...requestOf(DISKS), overwrite: true });
    await leave(target, plan, 'name');
    await bench().remove('restored');
    await bench().rename(plan.id, 'restored');
    expect(await reconcile('ours')).toMatchObject({
      removed: [],
      findings: [{ severity: 'warning', code: 'restored-machine-stays' }],
    });
    expect((await bench().content('restored')).equals(Buffer.from(DISKS[0] ?? []))).toBe(true);
  });
});

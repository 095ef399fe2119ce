import type { RestorePlan, RestoreState, TargetConnector } from '@sendense/core';
import { seededBytes } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { planOf, requestOf, runOf, send, type TestRun } from './restore-work.ts';
import { useBench } from './vcenter-bench.ts';

const OLD = [seededBytes(7, 2 ** 20)];
const NEW = [seededBytes(8, 2 ** 20)];

/** The step that a saved state says. */
function phaseOf({ data }: RestoreState): unknown {
  return (data as { phase?: unknown }).phase;
}

describeWithPeers(['test-vcenter'], 'a restore that replaces a machine', () => {
  const bench = useBench();
  let target: TargetConnector;
  let plan: RestorePlan;
  let before: readonly string[];
  /** What dead processes would have left open. */
  const dead: AsyncDisposable[] = [];
  beforeEach(async () => {
    target = bench().target();
    const first = await target.begin(await planOf(target, requestOf(OLD)), runOf());
    await send(first, OLD);
    await first.commit();
    await first[Symbol.asyncDispose]();
    before = await bench().objects();
    plan = await planOf(target, { ...requestOf(NEW), overwrite: true, start: true });
  });
  afterEach(async () => {
    for (const handle of [target, ...dead.splice(0)]) await handle[Symbol.asyncDispose]();
    await bench().clear();
  });

  /** What the old machine is called until it goes. */
  const aside = (): string => `${plan.id}-replaced`;

  /** A run in which something happens after each save of a step. */
  function runWith(happens: (phase: unknown) => Promise<void>): TestRun {
    const run = runOf();
    return {
      ...run,
      async save(state) {
        await run.save(state);
        await happens(phaseOf(state));
      },
    };
  }

  /** Restores up to the save number `cutAt`, where the process dies. Resolves with whether it did. */
  async function cut(cutAt: number): Promise<TestRun | undefined> {
    const run = runOf(undefined, cutAt);
    try {
      const process = bench().target();
      dead.push(process);
      const writer = await process.begin(plan, run);
      await send(writer, NEW);
      await writer.commit();
    } catch (error) {
      if (!String(error).includes('the process died')) throw error;
      await bench().server.control('expire-leases');
      return run;
    }
    return undefined;
  }

  async function holds(name: string, [wanted]: readonly Uint8Array[]): Promise<boolean> {
    return (await bench().content(name)).equals(Buffer.from(wanted ?? []));
  }

  /** Machines that were made by restores. */
  async function names(): Promise<readonly string[]> {
    return (await bench().objects()).filter((name) => !name.includes('/'));
  }

  it('has the old one there until it is complete, and takes it away then', async () => {
    const kept: unknown[] = [];
    const run = runWith(async (phase) => {
      if (await holds((await names()).includes(aside()) ? aside() : 'restored', OLD)) kept.push(phase);
    });
    const writer = await target.begin(plan, run);
    await send(writer, NEW);
    expect(await writer.commit()).toMatchObject({ findings: [] });
    expect(kept).toEqual(run.saved.map(phaseOf));
    expect(kept.at(-1)).toBe('committed');
    expect(await names()).toEqual(['restored']);
    expect(await holds('restored', NEW)).toBe(true);
  });

  it('and cannot be started gives the old one its name again by its rollback', async () => {
    const run = runWith(async (phase) => {
      if (phase === 'start') await bench().makeTemplate('restored');
    });
    const writer = await target.begin(plan, run);
    await send(writer, NEW);
    await expect(writer.commit()).rejects.toMatchObject({ code: expect.any(String) });
    const { findings } = await writer.rollback();
    expect(findings).toEqual([]);
    expect(await holds('restored', OLD)).toBe(true);
    expect(await bench().objects()).toEqual(before);
  });

  it('is undone by another process wherever the first one died, and the old one is as it was', async () => {
    let cuts = 0;
    for (let run = await cut(1); run !== undefined; run = await cut(cuts + 1)) {
      await using later = bench().target();
      const writer = await later.begin(plan, runOf(run));
      await writer.rollback();
      await writer[Symbol.asyncDispose]();
      expect(await bench().objects(), `cut ${cuts}`).toEqual(before);
      expect(await holds('restored', OLD), `cut ${cuts}`).toBe(true);
      cuts += 1;
    }
    expect(cuts).toBeGreaterThan(8);
  });

  it('is finished by another process wherever the first one died, and leaves nothing of the old one', async () => {
    for (const phase of ['machine', 'disks', 'name', 'start', 'committed']) {
      const run = runOf();
      const dying: TestRun = {
        ...run,
        async save(state) {
          await run.save(state);
          if (phaseOf(state) === phase) throw new Error('the process died');
        },
      };
      const first = await target.begin(plan, dying);
      await send(first, NEW);
      await expect(first.commit(), phase).rejects.toThrow('the process died');
      await using later = bench().target();
      const writer = await later.begin(plan, runOf(run));
      expect(await writer.commit(), phase).toMatchObject({ findings: [] });
      await writer[Symbol.asyncDispose]();
      expect(await names(), phase).toEqual(['restored']);
      expect(await holds('restored', NEW), phase).toBe(true);
      await bench().power('restored', 'off');
      plan = await planOf(target, { ...requestOf(NEW), overwrite: true, start: true });
    }
  });

  /** A restore whose process dies between the other name of the old one and the save of how that was then. */
  async function cutAtNames(): Promise<TestRun> {
    const run = runOf();
    const dying: TestRun = {
      ...run,
      async save(state) {
        await run.save(state);
        if ((state.data as { replaced?: unknown }).replaced) throw new Error('the process died');
      },
    };
    const first = await target.begin(plan, dying);
    dead.push(first);
    await send(first, NEW);
    await expect(first.commit()).rejects.toThrow('the process died');
    await bench().rename('restored', aside());
    return run;
  }

  it('gives the old one its name again by a rollback from between the two new names', async () => {
    const run = await cutAtNames();
    await using later = bench().target();
    await using writer = await later.begin(plan, runOf(run));
    expect(await writer.rollback()).toMatchObject({ findings: [] });
    expect(await names()).toEqual(['restored']);
    expect(await holds('restored', OLD)).toBe(true);
  });

  it('is finished from between the two new names, and leaves the old one, of which it is not known how it was', async () => {
    const run = await cutAtNames();
    await using later = bench().target();
    await using writer = await later.begin(plan, runOf(run));
    const message = expect.stringMatching(/not known whether it is used again/);
    expect(await writer.commit()).toMatchObject({ findings: [{ code: 'replaced-machine-stays', message }] });
    expect((await names()).toSorted()).toEqual([aside(), 'restored'].toSorted());
    expect(await holds('restored', NEW)).toBe(true);
    expect(await holds(aside(), OLD)).toBe(true);
  });

  it('keeps the new one in a rollback when the old one is gone', async () => {
    const run = runWith(async (phase) => {
      if (phase !== 'start') return;
      await bench().remove(aside());
      throw new Error('the process died');
    });
    const writer = await target.begin(plan, run);
    await send(writer, NEW);
    await expect(writer.commit()).rejects.toThrow('the process died');
    const { findings, undone } = await writer.rollback();
    expect(findings).toMatchObject([{ code: 'restored-machine-stays' }]);
    expect(undone).toBe(false);
    expect(await holds('restored', NEW)).toBe(true);
  });

  it('is not undone once it is complete: the old one is named, and stays until it is completed', async () => {
    const run = runWith(async (phase) => {
      if (phase === 'committed') throw new Error('the process died');
    });
    const first = await target.begin(plan, run);
    dead.push(first);
    await send(first, NEW);
    await expect(first.commit()).rejects.toThrow('the process died');
    await using later = bench().target();
    const undoing = await later.begin(plan, { ...runOf(run), undo: true });
    dead.push(undoing);
    const message = expect.stringContaining(aside());
    const stays = { severity: 'warning', code: 'restored-machine-stays', message };
    expect(await undoing.rollback()).toMatchObject({ removed: [], findings: [stays], undone: false });
    const keep = { owner: 'sendense', states: [], captures: [], replicas: [], graceMs: 0 };
    await later.reconcile({ ...keep, restores: [plan.id], completed: [] });
    expect(await holds(aside(), OLD)).toBe(true);
    const resumed = await later.begin(plan, runOf(run));
    dead.push(resumed);
    expect(await resumed.commit()).toMatchObject({ findings: [] });
    expect(await names()).toEqual(['restored']);
    const undone = await resumed.rollback();
    expect(undone).toMatchObject({ findings: [{ code: 'restored-machine-stays' }], undone: false });
    expect(undone.findings[0]?.message).not.toContain(aside());
  });

  it('tells that the old one stays when it cannot be removed', async () => {
    const run = runWith(async (phase) => {
      if (phase === 'committed') await bench().power(aside(), 'on');
    });
    const writer = await target.begin(plan, run);
    await send(writer, NEW);
    const { findings } = await writer.commit();
    expect(findings).toMatchObject([{ severity: 'warning', code: 'replaced-machine-stays' }]);
    expect(await holds(aside(), OLD)).toBe(true);
    await bench().power(aside(), 'off');
    expect(await writer.commit()).toMatchObject({ findings: [] });
    expect(await names()).toEqual(['restored']);
  });

  /** Replaces the old one, which runs when it is to be removed, and is off again after that. */
  async function replacedWhileOn(): Promise<void> {
    const run = runWith(async (phase) => {
      if (phase === 'committed') await bench().power(aside(), 'on');
    });
    await using writer = await target.begin(plan, run);
    await send(writer, NEW);
    await writer.commit();
    await bench().power(aside(), 'off');
  }

  async function reconciled(): Promise<readonly string[]> {
    const keep = { owner: 'sendense', states: [], captures: [], replicas: [], graceMs: 0 };
    const { findings } = await target.reconcile({ ...keep, restores: [], completed: [plan.id] });
    return findings.map(({ code, message }) => `${code}: ${message}`);
  }

  it('has the old one removed by a reconcile when that could not be before', async () => {
    await replacedWhileOn();
    expect(await reconciled()).toEqual([]);
    expect(await names()).toEqual(['restored']);
  });

  it('leaves the old one there when somebody has used it since, and tells so each time', async () => {
    await replacedWhileOn();
    await bench().annotate(aside(), 'in use again');
    const stays = expect.stringMatching(/^replaced-machine-stays: .*were changed since it was set aside/);
    expect(await reconciled()).toEqual([stays]);
    expect(await reconciled()).toEqual([stays]);
    expect(await holds(aside(), OLD)).toBe(true);
  });

  it('leaves the old one there when it is not known how it was, as of restores of before', async () => {
    await replacedWhileOn();
    const notes = (await bench().annotation('restored')) ?? '';
    await bench().annotate('restored', notes.replace(/replacing [0-9a-f]{32}/, 'replacing'));
    expect(await reconciled()).toEqual([expect.stringMatching(/not known whether it is used again/)]);
    expect(await holds(aside(), OLD)).toBe(true);
  });

  it('leaves the old one there when its notes are changed before it is complete', async () => {
    const run = runWith(async (phase) => {
      if (phase === 'committed') await bench().annotate(aside(), 'mine');
    });
    await using writer = await target.begin(plan, run);
    await send(writer, NEW);
    const { findings } = await writer.commit();
    expect(findings).toMatchObject([{ code: 'replaced-machine-stays' }]);
    expect(await holds(aside(), OLD)).toBe(true);
  });

  it('does not replace one that took the name after the old one was set aside', async () => {
    let starts = 0;
    const run = runWith(async (phase) => {
      if (phase === 'start' && starts++ === 0) throw new Error('the process died');
    });
    const writer = await target.begin(plan, run);
    await send(writer, NEW);
    await expect(writer.commit()).rejects.toThrow('the process died');
    await bench().rename('restored', 'elsewhere');
    await bench().copyNotes('elsewhere', 'restored');
    await expect(writer.commit()).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    expect(await holds(aside(), OLD)).toBe(true);
  });

  it('does not replace one that took the name after the restore was begun', async () => {
    const run = runOf();
    const writer = await target.begin(plan, run);
    await bench().rename('restored', 'elsewhere');
    await bench().copyNotes('elsewhere', 'restored');
    await send(writer, NEW);
    await expect(writer.commit()).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    await writer[Symbol.asyncDispose]();
    await using later = bench().target();
    const resumed = await later.begin(plan, runOf(run));
    await expect(resumed.commit()).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    expect(await resumed.rollback()).toMatchObject({ findings: [] });
    expect(await names()).toEqual(['elsewhere', 'restored']);
    expect((await bench().machine('restored')).machine.disks).toEqual([]);
  });

  it('does not replace one that took the name while the new one was made', async () => {
    let steps = 0;
    const run = runWith(async (phase) => {
      if (phase !== 'name' || steps++ > 0) return;
      await bench().rename('restored', 'elsewhere');
      await bench().copyNotes('elsewhere', 'restored');
    });
    const writer = await target.begin(plan, run);
    await send(writer, NEW);
    await expect(writer.commit()).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    expect((await bench().machine('restored')).machine.disks).toEqual([]);
  });

  it('does not replace one that was made where none was when the restore was begun', async () => {
    await bench().rename('restored', 'elsewhere');
    const writer = await target.begin(plan, runOf());
    await bench().copyNotes('elsewhere', 'restored');
    await send(writer, NEW);
    await expect(writer.commit()).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    expect((await bench().machine('restored')).machine.disks).toEqual([]);
  });
});

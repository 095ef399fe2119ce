import { guardSource, streamId } from '@sendense/core';
import type { VmwareSourceOptions } from '@sendense/source-vmware';
import { collect, type Runner } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import { Guest, receive, requestOf, round } from './guest.ts';
import type { VcenterBench } from './vcenter-bench.ts';

/** A case that is run in the place of one of the contract, which vSphere does not allow to be kept: what happens instead. */
export type OtherCase = { readonly of: string; readonly name: string; readonly run: () => Promise<void> };

/** Registers cases of the contract, and `others` in the place of those that they name, and a test that each names one. */
export function withOtherCases(others: readonly OtherCase[], register: (runner: Runner) => void): void {
  const add: Runner['it'] = it;
  const left = new Set(others.map(({ of }) => of));
  register({
    describe,
    it: (name, run) => {
      const other = others.find(({ of }) => of === name);
      left.delete(name);
      add(other?.name ?? name, other?.run ?? run);
    },
  });
  if (others.length === 0) return;
  // the cases of a suite are collected later
  it('is tested by other cases only in the place of cases that it has', () => expect([...left]).toEqual([]));
}

/** Changed areas are told only up to a snapshot, and a plan takes none: of a running machine it tells the most that is read. */
export function tellsTheMost(
  bench: () => VcenterBench,
  options: () => Partial<VmwareSourceOptions>,
): OtherCase {
  return {
    of: 'plans what it then does, and changes nothing for it',
    name: 'plans what it then does, at most, and changes nothing for it',
    async run() {
      const guest = await Guest.boot(bench(), [2 ** 20]);
      await guest.write(0, 65_536, 65_536);
      await using source = guardSource(bench().source(options()));
      const { state } = await round(source, guest);
      await guest.write(0, 262_144, 4096);
      const request = requestOf(guest.machine, { since: [state] });
      const plan = await source.plan(request);
      expect(await bench().snapshots(guest.machine)).toEqual([]);
      expect(plan.findings.map(({ code }) => code)).toContain('changed-bytes-unknown');
      await using capture = await source.capture(request);
      const [disk] = capture.disks;
      if (disk?.changes.kind !== 'incremental') throw new Error('it is a full');
      const extents = await collect(disk.changes.extents());
      const changed = extents.reduce((sum, { length }) => sum + length, 0);
      expect(plan.disks).toMatchObject([
        { id: disk.id, kind: 'incremental', reason: null, sizeBytes: 2 ** 20 },
      ]);
      expect(plan.disks[0]?.changedBytes).toBeGreaterThanOrEqual(changed);
    },
  };
}

/** A machine has one lease at a time. */
export function refusesTheSecond(bench: () => VcenterBench, running: boolean): OtherCase {
  return {
    of: 'captures two streams of one machine at once',
    name: 'refuses a second capture of a machine, and tells what is left of it',
    async run() {
      const guest = await Guest.boot(bench(), [2 ** 20], { running });
      await guest.write(0, 4096, 50_000);
      await using source = bench().source({ transport: 'lease' });
      const first = await source.capture(requestOf(guest.machine));
      const second = source.capture(requestOf(guest.machine, { stream: streamId('stream-2') }));
      // the lease of the first keeps the snapshot of the second as well, and the error says so
      const left = [{ object: expect.stringMatching(/^snapshot-\d+$/) as string }];
      await expect(second).rejects.toMatchObject({ code: 'LOCKED', effect: 'unknown', context: { left } });
      expect(await receive(first)).toEqual(guest.now());
      await first[Symbol.asyncDispose]();
      expect(await bench().snapshots(guest.machine)).toHaveLength(1);
      const keep = { states: [], captures: [], restores: [], replicas: [], graceMs: 0 };
      await source.reconcile({ owner: 'sendense', ...keep });
      expect(await bench().snapshots(guest.machine)).toEqual([]);
    },
  };
}

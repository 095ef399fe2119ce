import { streamId } from '@sendense/core';
import { createVmwareSource } from '@sendense/source-vmware';
import { type Runner, sourceConformance } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { beforeAll, describe, expect, it } from 'vitest';
import { Guest, receive, requestOf } from './guest.ts';
import { openFixture, useBench } from './vcenter-bench.ts';

const transport = 'lease';
const options = { address: 'vc.example', user: 'backup', transport } as const;
const { capabilities } = createVmwareSource(options, { secrets: { get: async () => undefined } });
const reader = { order: 'ascending', locate: false, digests: false } as const;

/** The one case that vSphere does not allow: a machine has one lease at a time. What happens instead is shown in its place. */
const OVERLAP = 'captures two streams of one machine at once';

describeWithPeers(['test-vcenter'], 'the contract of a source whose disks are read by export leases', () => {
  const bench = useBench();
  // a process that is killed holds its lease until then
  beforeAll(() => bench().server.control('settings', { leaseTimeoutSeconds: 1 }));

  async function refusesTheSecond(): Promise<void> {
    const guest = await Guest.boot(bench(), [2 ** 20]);
    await guest.write(0, 4096, 50_000);
    await using source = bench().source({ transport });
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
  }

  const register: Runner['it'] = it;
  const runner: Runner = {
    describe,
    it: (name, run) =>
      name === OVERLAP
        ? register('refuses a second capture of a machine, and tells what is left of it', refusesTheSecond)
        : register(name, run),
  };
  sourceConformance(runner, {
    name: 'source-vmware by leases',
    capabilities,
    reader,
    owner: 'testkit',
    open: (sizes) => openFixture(bench(), sizes, { running: false, transport }),
  });
});

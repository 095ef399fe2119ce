import { guardSource } from '@sendense/core';
import { collect } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { expect, it } from 'vitest';
import { Guest, receive, requestOf } from './guest.ts';
import { useBench } from './vcenter-bench.ts';

const MIB = 2 ** 20;

describeWithPeers(['test-vcenter'], 'a machine of an ESXi on its own', () => {
  const bench = useBench({ esx: true, machines: 1 });

  it.each([
    ['runs', 'datastore', true],
    ['runs', 'lease', true],
    ['is off', 'datastore', false],
  ] as const)(
    'that %s is backed up by %s, in full and then by its changes',
    async (_state, transport, running) => {
      const guest = await Guest.boot(bench(), [2 * MIB, MIB], { running });
      await guest.write(0, 100_000, MIB);
      await using source = guardSource(bench().source({ transport }));
      const listed = await collect(source.machines({ name: guest.machine.name }));
      const ref = listed[0]?.machine;
      if (ref === undefined) throw new Error('the host does not list the machine');
      const request = () => requestOf({ ...guest.machine, ref });
      await using full = await source.capture(request());
      const disks = await receive(full);
      expect(full.disks.map(({ changes }) => changes.kind)).toEqual(['full', 'full']);
      expect(disks).toEqual(guest.now());
      const state = await full.seal();
      if (state === null) throw new Error('there is no state to go on from');
      await full.commit();
      await guest.write(1, 512, 4096);
      await using next = await source.capture({ ...request(), since: [state] });
      expect(next.disks.map(({ changes }) => changes.kind)).toEqual(['incremental', 'incremental']);
      expect(await receive(next, disks)).toEqual(guest.now());
    },
  );
});

import { seededBytes } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, expect, it } from 'vitest';
import { requestOf } from './restore-work.ts';
import { useBench } from './vcenter-bench.ts';

const DISKS = [seededBytes(21, 65_536)];

describeWithPeers(['test-vcenter'], 'a restore by upload to a datastore', () => {
  const bench = useBench();
  afterEach(() => bench().server.control('datastore-type', { type: 'VMFS' }));

  it.each(['vsan', 'vsanD', 'VVOL', 'PMEM'])('is refused before it begins where it is %s', async (type) => {
    await bench().server.control('datastore-type', { type });
    await using target = bench().target({ via: 'datastore' });
    const { compatible, findings, plan } = await target.check(requestOf(DISKS));
    expect({ compatible, plan }).toEqual({ compatible: false, plan: null });
    expect(findings.filter(({ severity }) => severity === 'error')).toMatchObject([
      { code: 'upload-unsupported', message: expect.stringContaining(` of ${type}: restore by lease`) },
    ]);
  });

  it.each(['VMFS', 'NFS', 'NFS41'])('is possible where it is %s', async (type) => {
    await bench().server.control('datastore-type', { type });
    await using target = bench().target({ via: 'datastore' });
    expect(await target.check(requestOf(DISKS))).toMatchObject({ compatible: true });
  });
});

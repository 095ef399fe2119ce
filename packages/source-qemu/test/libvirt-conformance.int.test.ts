import { createQemuSource } from '@sendense/source-qemu';
import { sourceConformance } from '@sendense/testkit';
import { type LibvirtDaemon, startLibvirt } from '@sendense/tests/libvirt';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLibvirtFixture } from './libvirt-fixture.ts';

const { capabilities } = createQemuSource({ libvirt: { domain: 'web' } });
const reader = { order: 'random', locate: true, digests: false } as const;

/** libvirt allows one backup job for each domain: here the opposite of this case is shown. */
const ONE_JOB = 'captures two streams of one machine at once';

function itIsRefused(_name: string, run: () => Promise<void>): void {
  it('refuses a second capture of one machine at once with LOCKED, to be repeated', async () => {
    await expect(run()).rejects.toMatchObject({ code: 'LOCKED', retry: 'later' });
  });
}

const runner = {
  describe,
  it: (name: string, run: () => Promise<void>) => (name === ONE_JOB ? itIsRefused : it)(name, run),
};

describeWithPeers(['libvirt', 'qemu-system-x86_64', 'qemu-img'], 'the contract of a source', () => {
  let libvirt: LibvirtDaemon;

  beforeAll(async () => {
    libvirt = await startLibvirt();
  }, 120_000);

  afterAll(() => libvirt[Symbol.asyncDispose]());

  const open = async (sizes: readonly number[]) => await openLibvirtFixture(libvirt, sizes);
  sourceConformance(runner, { name: 'source-qemu (libvirt)', capabilities, reader, owner: 'testkit', open });
});

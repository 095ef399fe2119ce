import { createQemuSource } from '@sendense/source-qemu';
import { sourceConformance } from '@sendense/testkit';
import { type LibvirtDaemon, startLibvirt } from '@sendense/tests/libvirt';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { openLibvirtFixture } from './libvirt-fixture.ts';

const { capabilities } = createQemuSource({ libvirt: { domain: 'web' } });
const reader = { order: 'random', locate: true, digests: false } as const;

describeWithPeers(['libvirt', 'qemu-system-x86_64', 'qemu-img'], 'the contract of a source', () => {
  let libvirt: LibvirtDaemon;

  beforeAll(async () => {
    libvirt = await startLibvirt();
  }, 120_000);

  afterAll(() => libvirt[Symbol.asyncDispose]());

  const open = async (sizes: readonly number[]) => await openLibvirtFixture(libvirt, sizes);
  sourceConformance(
    { describe, it },
    { name: 'source-qemu (libvirt)', capabilities, reader, owner: 'testkit', open },
  );
});

import { createQemuSource } from '@sendense/source-qemu';
import { sourceConformance } from '@sendense/testkit';
import { type LibvirtDaemon, startLibvirt } from '@sendense/tests/libvirt';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { openStoppedFixture } from './libvirt-fixture.ts';

const { capabilities } = createQemuSource({ libvirt: { domain: 'web' } });
const reader = { order: 'random', locate: true, digests: false } as const;

/**
 * The reader of an image at rest is that of source-image, whose conformance shows it. One random history is enough beside
 * the three of each other host: every write of it is a process.
 */
const runner = {
  describe: (name: string, body: () => void) => {
    if (!name.endsWith('block reader')) describe(name, body);
  },
  it: (name: string, run: () => Promise<void>) => {
    const define = /\(seed [23]\)$/.test(name) ? () => undefined : it;
    define(name, run);
  },
};

describeWithPeers(['libvirt', 'qemu-img', 'qemu-io'], 'the contract of a source', () => {
  let libvirt: LibvirtDaemon;

  beforeAll(async () => {
    libvirt = await startLibvirt();
  }, 120_000);

  afterAll(() => libvirt[Symbol.asyncDispose]());

  const open = async (sizes: readonly number[]) => await openStoppedFixture(libvirt, sizes);
  sourceConformance(runner, {
    name: 'source-qemu (libvirt, off)',
    capabilities,
    reader,
    owner: 'testkit',
    open,
  });
});

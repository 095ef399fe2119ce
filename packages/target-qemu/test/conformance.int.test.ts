import { createQemuTarget } from '@sendense/target-qemu';
import { targetConformance } from '@sendense/testkit';
import { type LibvirtDaemon, startLibvirt } from '@sendense/tests/libvirt';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { FakeLibvirt } from './fake-libvirt.ts';
import { openLiveFixture } from './live-fixture.ts';

let libvirt: LibvirtDaemon;

describeWithPeers(['libvirt', 'qemu-system-x86_64'], 'on a real libvirt', () => {
  beforeAll(async () => {
    libvirt = await startLibvirt();
  });
  afterAll(() => libvirt[Symbol.asyncDispose]());
  const { capabilities } = createQemuTarget({ name: 'm' }, { virsh: new FakeLibvirt().open() });
  const open = () => openLiveFixture(libvirt);
  targetConformance({ describe, it }, { name: 'libvirt', capabilities, owner: 'sendense', open });
});

import { createQemuTarget } from '@sendense/target-qemu';
import { targetConformance } from '@sendense/testkit';
import { describe, it } from 'vitest';
import { FakeLibvirt } from './fake-libvirt.ts';
import { openTargetFixture } from './fixtures.ts';

for (const format of ['raw', 'qcow2'] as const) {
  const { capabilities } = createQemuTarget({ name: 'm', format }, { virsh: new FakeLibvirt().open() });
  const open = () => openTargetFixture(format);
  targetConformance(
    { describe, it },
    { name: `target-qemu (${format})`, capabilities, owner: 'sendense', open },
  );
}

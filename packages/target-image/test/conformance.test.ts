import { createImageTarget } from '@sendense/target-image';
import { blockWriterConformance, targetConformance } from '@sendense/testkit';
import { describe, it } from 'vitest';
import { openTargetFixture, openWriterFixture, writers } from './fixtures.ts';

for (const format of ['raw', 'qcow2', 'vmdk', 'vhd', 'vhdx'] as const) {
  const open = (sizeBytes: number) => openWriterFixture(format, sizeBytes);
  const name = `target-image (${format})`;
  blockWriterConformance({ describe, it }, { name, capabilities: writers[format], open });
}

// beyond its writer a target is the same for every format that is made in one go
for (const format of ['raw', 'qcow2'] as const) {
  const { capabilities } = createImageTarget({ path: 'disks/', format });
  const open = () => openTargetFixture(format);
  const subject = { name: `target-image (${format})`, capabilities, owner: 'sendense', open };
  targetConformance({ describe, it }, subject);
}

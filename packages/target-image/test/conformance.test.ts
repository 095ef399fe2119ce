import { createImageTarget } from '@sendense/target-image';
import { blockWriterConformance, targetConformance } from '@sendense/testkit';
import { describe, it } from 'vitest';
import { openTargetFixture, openWriterFixture } from './fixtures.ts';

const fresh = { untouched: 'zero', endpoint: false } as const;
const whole = { ...fresh, order: 'ascending', rewritable: false, durable: false, copyFrom: true } as const;
const writers = {
  raw: { ...fresh, order: 'random', rewritable: true, durable: true, copyFrom: true },
  qcow2: whole,
  vmdk: whole,
  vhd: whole,
  vhdx: whole,
} as const;

for (const format of ['raw', 'qcow2', 'vmdk', 'vhd', 'vhdx'] as const) {
  const { capabilities } = createImageTarget({ path: 'disks/', format });
  const name = `target-image (${format})`;
  const open = (sizeBytes: number) => openWriterFixture(format, sizeBytes);
  blockWriterConformance({ describe, it }, { name, capabilities: writers[format], open });
  // beyond its writer a target is the same for every format that is made in one go
  if (format !== 'raw' && format !== 'qcow2') continue;
  const target = { name, capabilities, owner: 'sendense', open: () => openTargetFixture(format) };
  targetConformance({ describe, it }, target);
}

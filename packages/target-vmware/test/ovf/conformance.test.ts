import { createOvaTarget } from '@sendense/target-vmware';
import { targetConformance } from '@sendense/testkit';
import { describe, it } from 'vitest';
import { LAYOUTS, openPackageFixture } from './package-bench.ts';

const PATHS = { archive: 'web.ova', folder: 'web/' } as const;

for (const layout of LAYOUTS) {
  const { capabilities } = createOvaTarget({ path: PATHS[layout] });
  const open = () => openPackageFixture(layout);
  targetConformance(
    { describe, it },
    { name: `target-vmware (OVF ${layout})`, capabilities, owner: 'sendense', open },
  );
}

import { storeCases as cases } from '@sendense/object-repository/validate';
import { objectStoreConformance } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { describe, it } from 'vitest';
import { capabilitiesOf } from '../src/capabilities.ts';
import { gatewayOfSuite, SMALL_SIZES as sizes } from './fixtures.ts';

describeWithPeers(['versitygw'], 'versitygw', () => {
  const gateway = gatewayOfSuite();
  for (const [name, objectLock] of [
    ['plain', undefined],
    ['locked', 'compliance'],
  ] as const) {
    const capabilities = capabilitiesOf({ objectLock });
    const open = () => gateway.open({ bucket: name, prefix: 'a/b', objectLock });
    objectStoreConformance({ describe, it }, { name, cases, sizes, capabilities, open });
  }
});

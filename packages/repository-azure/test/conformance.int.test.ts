import { lockCases, storeCases } from '@sendense/object-repository/validate';
import { objectStoreConformance } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { describe, it } from 'vitest';
import { capabilitiesOf } from '../src/capabilities.ts';
import { serviceOfSuite, SMALL_SIZES as sizes } from './fixtures.ts';

const join = (name: string, immutability: 'locked' | undefined, cases: typeof storeCases) => {
  const service = serviceOfSuite();
  const capabilities = capabilitiesOf({ immutability });
  const open = () => service.open({ prefix: name, immutability });
  objectStoreConformance({ describe, it }, { name, cases, sizes, capabilities, open });
};

describeWithPeers(['azurite'], 'Azurite', () => join('a/b', undefined, storeCases));
describeWithPeers(['azurite'], 'a model of immutability policies', () => join('model', 'locked', lockCases));

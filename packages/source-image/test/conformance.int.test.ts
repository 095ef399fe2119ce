import { createImageSource } from '@sendense/source-image';
import { sourceConformance } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { describe, it } from 'vitest';
import { openQcow2Fixture } from './fixtures.ts';

const { capabilities } = createImageSource({ path: 'disk' });
const reader = { order: 'random', locate: true, digests: false } as const;
const subject = {
  name: 'source-image (qcow2)',
  capabilities,
  reader,
  owner: 'testkit',
  open: openQcow2Fixture,
};

describeWithPeers(['qemu-img', 'qemu-io'], 'the contract of a source', () => {
  sourceConformance({ describe, it }, subject);
});

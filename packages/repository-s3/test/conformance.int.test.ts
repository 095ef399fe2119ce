import { storeCases as cases } from '@sendense/object-repository/validate';
import { objectStoreConformance } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { capabilitiesOf } from '../src/capabilities.ts';
import { type Gateway, SMALL_SIZES as sizes, startGateway } from './fixtures.ts';

describeWithPeers(['versitygw'], 'versitygw', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway[Symbol.asyncDispose]());
  for (const options of [
    { bucket: 'plain', prefix: 'a/b' },
    { bucket: 'locked', objectLock: 'compliance' },
  ] as const) {
    const subject = {
      name: options.bucket,
      cases,
      sizes,
      capabilities: capabilitiesOf({ objectLock: undefined, ...options }),
    };
    objectStoreConformance({ describe, it }, { ...subject, open: () => gateway.open(options) });
  }
});

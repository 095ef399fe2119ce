import { blockIoDriverConformance } from '@sendense/testkit';
import { describe, it } from 'vitest';
import { describeNative } from './fixtures.ts';
import { nbdSubject } from './support/nbd-subject.ts';
import { serveContent } from './support/serve-here.ts';

describeNative('blockio-native at an NBD server', () => {
  const name = 'blockio-native at the TypeScript server';
  blockIoDriverConformance({ describe, it }, nbdSubject({ name, shared: true }, serveContent));
});

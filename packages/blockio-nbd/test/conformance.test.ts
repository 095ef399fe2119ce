import { blockIoDriverConformance, chunkerConformance } from '@sendense/testkit';
import { describe, it } from 'vitest';
import { driverSubject } from './support/driver-subject.ts';
import { serveHere } from './support/serve-here.ts';

const runner = { describe, it };
const subject = driverSubject('blockio-nbd', serveHere);

blockIoDriverConformance(runner, subject);
chunkerConformance(runner, {
  name: 'blockio-nbd',
  open: async () => {
    const fixture = await subject.open();
    return { ...fixture, attach: fixture.endpoint };
  },
});

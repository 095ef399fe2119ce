import { blockIoDriverConformance } from '@sendense/testkit';
import { describe, it } from 'vitest';
import { driverSubject } from './support/driver-subject.ts';
import { serveHere } from './support/serve-here.ts';

blockIoDriverConformance({ describe, it }, driverSubject('blockio-nbd', serveHere));

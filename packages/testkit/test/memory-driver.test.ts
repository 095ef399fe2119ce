import { describe, it } from 'vitest';
import { blockIoDriverConformance } from '../src/index.ts';
import { memoryDriverSubject } from './memory-driver-subject.ts';

blockIoDriverConformance(
  { describe, it },
  memoryDriverSubject('memory', (driver) => driver),
);

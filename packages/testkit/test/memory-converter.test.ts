import { describe, it } from 'vitest';
import { converterConformance } from '../src/index.ts';
import { memoryConverterSubject } from './memory-converter-subject.ts';

converterConformance(
  { describe, it },
  memoryConverterSubject('memory', (converter) => converter),
);

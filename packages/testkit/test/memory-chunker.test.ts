import { describe, it } from 'vitest';
import { chunkerConformance } from '../src/index.ts';
import { memoryChunkerSubject } from './memory-chunker-subject.ts';

chunkerConformance(
  { describe, it },
  memoryChunkerSubject('memory', (chunker) => chunker),
);

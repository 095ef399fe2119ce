import { writeFile } from 'node:fs/promises';
import { describe, it } from 'vitest';
import { formatReaderConformance, formatWriterConformance } from '../src/index.ts';
import { createPlain, openPlain, serializePlain } from './plain-format.ts';

formatReaderConformance(
  { describe, it },
  {
    name: 'plain format',
    capabilities: { order: 'random', locate: false, digests: false, structured: true },
    write: (path, content) => writeFile(path, serializePlain(content)),
    open: openPlain,
  },
);

formatWriterConformance(
  { describe, it },
  {
    name: 'plain format',
    capabilities: {
      order: 'random',
      rewritable: true,
      untouched: 'zero',
      durable: false,
      endpoint: false,
      copyFrom: false,
    },
    create: createPlain,
    open: openPlain,
  },
);

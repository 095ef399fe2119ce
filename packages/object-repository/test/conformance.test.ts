import { repositoryConformance } from '@sendense/testkit';
import { describe, it } from 'vitest';
import { capabilities } from '../src/capabilities.ts';
import { openFixture } from './conformance-subject.ts';

repositoryConformance(
  { describe, it },
  {
    name: 'object-repository',
    capabilities,
    offers: { annotate: false, consolidate: false },
    reader: { order: 'random', locate: false, digests: false },
    open: openFixture,
  },
);

import { repositoryConformance } from '@sendense/testkit';
import { describe, it } from 'vitest';
import { capabilities } from '../src/capabilities.ts';
import { openFixture } from './conformance-subject.ts';

repositoryConformance(
  { describe, it },
  {
    name: 'repository-local',
    capabilities,
    reader: { order: 'random', locate: true, digests: true },
    open: openFixture,
  },
);

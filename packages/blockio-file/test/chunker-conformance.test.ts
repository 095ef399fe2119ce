import { chunkerConformance } from '@sendense/testkit';
import { describe, it } from 'vitest';
import { openFixture } from './fixtures.ts';

chunkerConformance(
  { describe, it },
  {
    name: 'blockio-file',
    open: async () => {
      const fixture = await openFixture();
      return { ...fixture, attach: fixture.endpoint };
    },
  },
);

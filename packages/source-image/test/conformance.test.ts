import { createImageSource } from '@sendense/source-image';
import { sourceConformance } from '@sendense/testkit';
import { describe, it } from 'vitest';
import { openRawFixture } from './fixtures.ts';

const { capabilities } = createImageSource({ path: 'disk', format: 'raw' });
const reader = { order: 'random', locate: true, digests: false } as const;
const subject = { name: 'source-image (raw)', capabilities, reader, owner: 'testkit', open: openRawFixture };

sourceConformance({ describe, it }, subject);

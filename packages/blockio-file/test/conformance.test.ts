import { blockIoDriverConformance } from '@sendense/testkit';
import { describe, it } from 'vitest';
import { openFixture } from './fixtures.ts';

const inPlace = { order: 'random', rewritable: true, untouched: 'unknown', durable: false } as const;
const capabilities = {
  transfer: true,
  packsZeros: true,
  chunker: true,
  reader: { order: 'random', digests: false, locate: true },
  writer: { ...inPlace, endpoint: true, copyFrom: false },
} as const;

blockIoDriverConformance({ describe, it }, { name: 'blockio-file', capabilities, open: openFixture });

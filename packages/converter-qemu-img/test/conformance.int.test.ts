import type { FormatPair } from '@sendense/core';
import { converterConformance } from '@sendense/testkit';
import { qemuConverterSubject } from '@sendense/tests/converter';
import { describeWithPeers } from '@sendense/tests/peers';
import { describe, it } from 'vitest';
import { createQemuImgConverter } from '../src/index.ts';

/** Every subformat is written once, and every format read once. */
const pairs: readonly FormatPair[] = createQemuImgConverter().pairs.filter(
  ({ from, to }) => from === 'raw' || to === 'raw',
);
const subject = qemuConverterSubject('qemu-img', pairs, () => createQemuImgConverter());

describeWithPeers(['qemu-img'], 'the contract of a converter', () => {
  converterConformance({ describe, it }, subject);
});

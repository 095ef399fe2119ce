import type { FormatPair } from '@sendense/core';
import { createFormatConverter } from '@sendense/formats/convert';
import { converterConformance } from '@sendense/testkit';
import { qemuConverterSubject } from '@sendense/tests/converter';
import { describeWithPeers } from '@sendense/tests/peers';
import { describe, it } from 'vitest';

/** Every subformat is written once, and every format read once; `convert-pairs.int.test.ts` goes through all pairs. */
const pairs: readonly FormatPair[] = createFormatConverter().pairs.filter(
  ({ from, to, subformat }) => from === 'raw' || (to === 'qcow2' && subformat === 'plain'),
);

const subject = qemuConverterSubject('ours', pairs, (folder) =>
  createFormatConverter({ parents: { folders: [folder] } }),
);
describeWithPeers(['qemu-img'], 'the contract of a converter', () => {
  converterConformance({ describe, it }, subject);
});

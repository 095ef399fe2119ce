import { createQemuSource } from '@sendense/source-qemu';
import { sourceConformance } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { describe, it } from 'vitest';
import { openLiveFixture } from './live-fixture.ts';

const { capabilities } = createQemuSource({ qmp: 'qmp.sock' });
const reader = { order: 'random', locate: true, digests: false } as const;
const subject = { name: 'source-qemu (QMP)', capabilities, reader, owner: 'testkit', open: openLiveFixture };

describeWithPeers(['qemu-system-x86_64', 'qemu-img'], 'the contract of a source', () => {
  sourceConformance({ describe, it }, subject);
});

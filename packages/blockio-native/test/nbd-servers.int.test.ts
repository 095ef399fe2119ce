import { blockIoDriverConformance } from '@sendense/testkit';
import { serveByNbdkit, serveByQemu } from '@sendense/tests/nbd';
import { describeWithPeers } from '@sendense/tests/peers';
import { describe, it } from 'vitest';
import { nbdSubject } from './support/nbd-subject.ts';

const runner = { describe, it };

describeWithPeers(['qemu-nbd', 'qemu-img'], 'the native driver at qemu-nbd', () => {
  const serve = serveByQemu('raw', false);
  blockIoDriverConformance(runner, nbdSubject({ name: 'native: structured replies', shared: true }, serve));
});

describeWithPeers(['qemu-recent'], 'the native driver at a qemu-nbd with 64-bit headers', () => {
  const serve = serveByQemu('qcow2', true);
  blockIoDriverConformance(runner, nbdSubject({ name: 'native: extended headers', shared: true }, serve));
});

describeWithPeers(['nbdkit'], 'the native driver at nbdkit', () => {
  const sizes = ['blocksize-minimum=512', 'blocksize-preferred=4096', 'blocksize-maximum=65536'];
  const args = [...sizes, 'blocksize-error-policy=error'];
  const strict = serveByNbdkit({ flags: ['--no-sr'], filters: ['blocksize-policy'], args });
  blockIoDriverConformance(
    runner,
    nbdSubject({ name: 'native: simple replies, strict block sizes', shared: true }, strict),
  );
});

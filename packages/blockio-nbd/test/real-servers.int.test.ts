import { blockIoDriverConformance } from '@sendense/testkit';
import { serveByNbdkit, serveByQemu } from '@sendense/tests/nbd';
import { describeWithPeers } from '@sendense/tests/peers';
import { describe, it } from 'vitest';
import { driverSubject } from './support/driver-subject.ts';

const runner = { describe, it };

describeWithPeers(['qemu-nbd', 'qemu-img'], 'the NBD driver at qemu-nbd', () => {
  blockIoDriverConformance(runner, driverSubject('raw', serveByQemu('raw', false)));
});

describeWithPeers(['qemu-recent'], 'the NBD driver at a qemu-nbd with 64-bit headers', () => {
  blockIoDriverConformance(runner, driverSubject('extended headers', serveByQemu('qcow2', true)));
});

describeWithPeers(['nbdkit'], 'the NBD driver at nbdkit', () => {
  blockIoDriverConformance(runner, driverSubject('simple replies', serveByNbdkit({ flags: ['--no-sr'] })));
  const sizes = ['blocksize-minimum=512', 'blocksize-preferred=4096', 'blocksize-maximum=65536'];
  const strict = { filters: ['blocksize-policy'], args: [...sizes, 'blocksize-error-policy=error'] };
  blockIoDriverConformance(runner, driverSubject('strict block sizes', serveByNbdkit(strict)));
});

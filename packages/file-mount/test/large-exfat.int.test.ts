import { describeWithPeers } from '@sendense/tests/peers';
import { testLargeDisk } from './support/large-disk.ts';
import { run } from './support/program.ts';

const peers = ['loop-mounts', 'qemu-storage-daemon', 'fuse', 'exfat-tools'];

describeWithPeers(peers, 'a large disk of exFAT', () => {
  testLargeDisk({
    size: '256M',
    // exfat-fuse looks for each name from the begin of its folder: with 100,000 it takes many minutes
    files: 5000,
    keeps: { owners: false, fractions: false },
    // it has none, and exfat-fuse writes all zeros of a file of 5 GiB
    hasHoles: false,
    make: (disk) => void run('mkfs.exfat', [disk]),
    fill: (scene, disk, fill) => scene.fillBy('mount.exfat-fuse', disk, fill),
  });
});

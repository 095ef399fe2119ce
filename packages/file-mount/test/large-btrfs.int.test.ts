import { describeWithPeers } from '@sendense/tests/peers';
import { testLargeDisk } from './support/large-disk.ts';
import { run } from './support/program.ts';

const peers = ['loop-mounts', 'qemu-storage-daemon', 'fuse', 'btrfs-tools'];

describeWithPeers(peers, 'a large disk of btrfs', () => {
  testLargeDisk({
    size: '2G',
    files: 100_000,
    keeps: { owners: true, fractions: true },
    hasHoles: true,
    make: (disk) => void run('mkfs.btrfs', ['-q', '-f', disk]),
    fill: (scene, disk, fill) => scene.fill(disk, ['-t', 'btrfs', '-o', 'loop'], fill),
  });
});

import { describeWithPeers } from '@sendense/tests/peers';
import { testLargeDisk } from './support/large-disk.ts';
import { run } from './support/program.ts';

const peers = ['loop-mounts', 'qemu-storage-daemon', 'fuse', 'ntfs-tools'];

describeWithPeers(peers, 'a large disk of NTFS', () => {
  testLargeDisk({
    size: '12G',
    files: 100_000,
    keeps: { owners: false, fractions: true },
    hasHoles: true,
    make: (disk) => void run('mkntfs', ['--force', '--fast', '--quiet', disk]),
    fill: (scene, disk, fill) => scene.fillBy('ntfs-3g', disk, fill),
  });
});

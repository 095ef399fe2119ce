import { describeWithPeers } from '@sendense/tests/peers';
import { testLargeDisk } from './support/large-disk.ts';
import { run } from './support/program.ts';

const peers = ['loop-mounts', 'qemu-storage-daemon', 'fuse', 'xfs-tools'];

describeWithPeers(peers, 'a large disk of XFS', () => {
  testLargeDisk({
    size: '2G',
    files: 100_000,
    keeps: { owners: true, fractions: true },
    hasHoles: true,
    // small blocks: the folder has levels
    make: (disk) => void run('mkfs.xfs', ['-q', '-f', '-b', 'size=1024', disk]),
    fill: (scene, disk, fill) => scene.fill(disk, ['-t', 'xfs', '-o', 'loop,nouuid'], fill),
  });
});

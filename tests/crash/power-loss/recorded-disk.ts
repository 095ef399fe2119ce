import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** File systems that the machine's kernel mounts. */
export type RecordedFileSystem = 'ext4' | 'xfs';

/** Bytes of the disk: XFS refuses less than 300 MiB. */
const DISK_BYTES: Readonly<Record<RecordedFileSystem, number>> = { ext4: 64 << 20, xfs: 320 << 20 };

/** How to mount a disk whose power was cut: recovery by the journal, as at the next start of a machine. */
const MOUNT_OPTIONS: Readonly<Record<RecordedFileSystem, string>> = { ext4: 'loop', xfs: 'loop,nouuid' };

/** A finished recording. */
export type Recording = {
  readonly logPath: string;
  readonly diskBytes: number;
  readonly fileSystem: RecordedFileSystem;
  /** Log position at which the workload began: everything before is mkfs and mount. */
  readonly startOffset: number;
};

async function waitForExport(path: string, sizeBytes: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const { size } = await stat(path);
    if (size === sizeBytes) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('the FUSE export of the recorded disk did not appear');
}

function startDaemon(folder: string, disk: string, log: string, exported: string) {
  return spawn(
    'qemu-storage-daemon',
    [
      ['--blockdev', `file,filename=${disk},node-name=disk`],
      ['--blockdev', `file,filename=${log},node-name=log`],
      ['--blockdev', 'driver=blklogwrites,file=disk,log=log,node-name=recorded,log-sector-size=512'],
      ['--export', `type=fuse,id=x,node-name=recorded,mountpoint=${exported},writable=on,growable=on`],
    ].flat(),
    { cwd: folder, stdio: 'ignore' },
  );
}

/**
 * Runs `workload` on a freshly made file system whose every disk write is recorded by QEMU's blklogwrites.
 * `workload` gets the mount point and a function that tells the log position at that moment.
 */
export async function recordDisk(
  folder: string,
  fileSystem: RecordedFileSystem,
  workload: (mountPoint: string, position: () => Promise<number>) => Promise<void>,
): Promise<Recording> {
  const [disk, log, exported, mountPoint] = ['disk', 'log', 'export', 'mount'].map((name) =>
    join(folder, name),
  ) as [string, string, string, string];
  const diskBytes = DISK_BYTES[fileSystem];
  await Promise.all([disk, log, exported].map((path) => writeFile(path, '')));
  await Promise.all([truncate(disk, diskBytes), mkdir(mountPoint)]);
  const daemon = startDaemon(folder, disk, log, exported);
  const exit = once(daemon, 'exit');
  try {
    await waitForExport(exported, diskBytes);
    await run(`mkfs.${fileSystem}`, ['-q', exported]);
    await run('mount', ['-o', 'loop', exported, mountPoint]);
    const position = async () => (await stat(log)).size;
    const startOffset = await position();
    try {
      await workload(mountPoint, position);
    } finally {
      await run('umount', [mountPoint]);
    }
    return { logPath: log, diskBytes, fileSystem, startOffset };
  } finally {
    // the entry count in the log's head is complete only after the daemon closed it
    daemon.kill('SIGTERM');
    await exit;
  }
}

/** Mounts the image of a cut, runs `check` in it, and unmounts. */
export async function withMountedImage<T>(
  image: string,
  fileSystem: RecordedFileSystem,
  mountPoint: string,
  check: (mountPoint: string) => Promise<T>,
): Promise<T> {
  await run('mount', ['-o', MOUNT_OPTIONS[fileSystem], image, mountPoint]);
  try {
    return await check(mountPoint);
  } finally {
    await run('umount', [mountPoint]);
  }
}

/** Who reads the file system of a mount: the kernel, or a program beside it. */
export type MountDriver = 'kernel' | 'ntfs-3g' | 'exfat-fuse';

/** How a kind of file system is mounted. */
export type MountWay = {
  readonly driver: MountDriver;
  /** Of the kernel: its name for the file system. */
  readonly type?: string;
  /** The program that mounts, and the package of Debian that brings it. */
  readonly program: string;
  readonly debianPackage: string;
  readonly options: readonly string[];
  /** It takes a device, not a file. */
  readonly onDevice?: true;
};

/** Nothing is written, no device or program of the backup works here, whatever the rights in it say. */
const ALWAYS = ['ro', 'nodev', 'nosuid', 'noexec'] as const;
/** Where files have no owner and mode: those that browsing shows. */
const MODES = ['dmask=0022', 'fmask=0133'] as const;

function byKernel(type: string, ...options: readonly string[]): MountWay {
  const all = ['loop', ...ALWAYS, ...options];
  return { driver: 'kernel', type, program: 'mount', debianPackage: 'mount', options: all };
}

// The superblock may ask for a panic where it contradicts itself. The journal is laid over the volume already.
const EXT = [byKernel('ext4', 'noload', 'errors=continue')] as const;
// The original may be mounted on this machine too: one file system of an id at a time, unless told.
const XFS = [byKernel('xfs', 'norecovery', 'nouuid')] as const;
// Whatever the default subvolume is: paths are those of browsing, from the top.
const BTRFS = [byKernel('btrfs', 'rescue=nologreplay', 'subvolid=5')] as const;
const FAT = [byKernel('vfat', ...MODES, 'utf8', 'tz=UTC', 'errors=continue')] as const;
const ISO = [byKernel('iso9660')] as const;
const SQUASHFS = [byKernel('squashfs')] as const;
const EROFS = [byKernel('erofs')] as const;
const EXFAT = [
  byKernel('exfat', ...MODES, 'errors=continue'),
  {
    driver: 'exfat-fuse',
    program: 'mount.exfat-fuse',
    debianPackage: 'exfat-fuse',
    options: [...ALWAYS, ...MODES],
    onDevice: true,
  },
] as const satisfies readonly MountWay[];
// Without its own default options it is for the user who mounts alone.
const NTFS = [
  {
    driver: 'ntfs-3g',
    program: 'ntfs-3g',
    debianPackage: 'ntfs-3g',
    options: [...ALWAYS, 'no_def_opts', ...MODES],
  },
] as const satisfies readonly MountWay[];

/** By the names that file-restore gives them, the better way first. */
const WAYS: Readonly<Record<string, readonly MountWay[]>> = {
  ext: EXT,
  ext2: EXT,
  ext3: EXT,
  ext4: EXT,
  xfs: XFS,
  btrfs: BTRFS,
  fat: FAT,
  fat12: FAT,
  fat16: FAT,
  fat32: FAT,
  exfat: EXFAT,
  ntfs: NTFS,
  iso9660: ISO,
  squashfs: SQUASHFS,
  erofs: EROFS,
};

/** All ways to mount a kind of file system, whether this machine has them or not; empty where there is none at all. */
export function mountWays(fileSystem: string | null): readonly MountWay[] {
  return fileSystem !== null && Object.hasOwn(WAYS, fileSystem) ? (WAYS[fileSystem] ?? []) : [];
}

/** Arguments of the program that shows the file system in `file`, a file or device, at `target`. */
export function mountArguments({ type, options }: MountWay, file: string, target: string): readonly string[] {
  const kind = type === undefined ? [] : ['-t', type];
  return [...kind, '-o', options.join(','), file, target];
}

import { run } from './program.ts';

const EXTENT_BYTES = 4 * 2 ** 20;
/** Where the first extent begins, unless LVM is told otherwise. */
const FIRST_BYTES = 2 ** 20;

/** Runs a command of LVM that sees these devices alone, where there is no device mapper and no udev. */
function lvm(devices: readonly string[], ...args: readonly string[]): string {
  const filter = [...devices.map((device) => `"a|^${device}$|"`), '"r|.*|"'].join(',');
  const config = [
    `devices{filter=[${filter}] use_devicesfile=0 obtain_device_list_from_udev=0 external_device_info_source="none"}`,
    'global{use_lvmpolld=0} activation{udev_sync=0 udev_rules=0} backup{backup=0 archive=0}',
  ];
  return run('lvm', [...args, '--config', config.join(' ')]);
}

/** Makes a group over whole disks with one linear volume in all of it, and puts an image where LVM says that it lies. */
export function makeGroup(
  group: string,
  volume: string,
  disks: readonly string[],
  imageOf: (sizeBytes: number) => string,
): void {
  const devices = disks.map((disk) => run('losetup', ['--find', '--show', disk]).trim());
  try {
    lvm(devices, 'pvcreate', '-q', ...devices);
    lvm(devices, 'vgcreate', '-q', '-s', '4M', group, ...devices);
    const inactive = ['--driverloaded', 'n', '-an', '-Zn', '-Wn', '-q'];
    lvm(devices, 'lvcreate', ...inactive, '-l', '100%FREE', '-n', volume, group);
    const fields = ['-o', 'seg_start,seg_size,seg_pe_ranges', `${group}/${volume}`];
    const text = lvm(devices, 'lvs', '--noheadings', '--units', 'b', '--nosuffix', '--segments', ...fields);
    const segments = text
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/u));
    const sizeBytes = segments.reduce((sum, [, length = '0']) => sum + Number(length), 0);
    const image = imageOf(sizeBytes);
    for (const [start = '', length = '', range = ''] of segments) {
      const [device = '', extents = ''] = range.split(':');
      const at = FIRST_BYTES + Number(extents.split('-')[0]) * EXTENT_BYTES;
      const flags = ['iflag=skip_bytes,count_bytes', 'oflag=seek_bytes', 'bs=65536', 'status=none'];
      run('dd', [`if=${image}`, `of=${device}`, `skip=${start}`, `count=${length}`, `seek=${at}`, ...flags]);
    }
  } finally {
    for (const device of devices) {
      run('blockdev', ['--flushbufs', device]);
      run('losetup', ['--detach', device]);
    }
  }
}

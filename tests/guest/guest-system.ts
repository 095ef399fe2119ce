import { copyFile, glob, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { unpackedFolder } from '../unpacked-packages.ts';
import { type ArchiveEntry, serializeCpio } from './cpio.ts';

/** Files that a machine boots the guest from. */
export type GuestSystem = { readonly kernel: string; readonly initrd: string };

/** What the kernel is told: first what it is to print where, then what spares time with emulated processors. */
export const KERNEL_ARGUMENTS = 'console=ttyS0 quiet panic=-1 nokaslr mitigations=off';

const FOLDERS = ['bin', 'data', 'dev', 'lib', 'lib64', 'modules', 'proc', 'run', 'sys', 'tmp'];
const MODULES = [
  'virtio/virtio.ko',
  'virtio/virtio_ring.ko',
  'virtio/virtio_pci_modern_dev.ko',
  'virtio/virtio_pci_legacy_dev.ko',
  'virtio/virtio_pci.ko',
  'block/virtio_blk.ko',
  'char/virtio_console.ko',
];
/** What `ldd qemu-ga` names. */
const LIBRARIES = [
  'libc.so.6',
  'libglib-2.0.so.0',
  'libgmodule-2.0.so.0',
  'libm.so.6',
  'libnuma.so.1',
  'libpcre2-8.so.0',
  'libudev.so.1',
  'liburing.so.2',
];
const LOADER = 'ld-linux-x86-64.so.2';
const LIBRARY_FOLDERS = '{lib,usr/lib}/x86_64-linux-gnu';

/** The one file of the unpacked packages that matches. */
async function find(pattern: string): Promise<string> {
  const cwd = unpackedFolder('guest');
  for await (const path of glob(pattern, { cwd })) return join(cwd, path);
  throw new Error(`no package of the peer "guest" has ${pattern}`);
}

async function entry(folder: string, pattern: string): Promise<ArchiveEntry> {
  return { path: `${folder}/${basename(pattern)}`, data: await readFile(await find(pattern)) };
}

async function initramfs(): Promise<Buffer> {
  const programs = ['bin/busybox', 'usr/sbin/qemu-ga'].map((path) => entry('bin', path));
  const modules = MODULES.map((path) => entry('modules', `lib/modules/*/kernel/drivers/${path}`));
  const libraries = LIBRARIES.map((name) => entry('lib', `${LIBRARY_FOLDERS}/${name}`));
  const loader = entry('lib64', `${LIBRARY_FOLDERS}/${LOADER}`);
  const init = { path: 'init', data: await readFile(new URL('./init.sh', import.meta.url)) };
  const folders = FOLDERS.map((path) => ({ path }));
  return serializeCpio([
    ...folders,
    init,
    ...(await Promise.all([...programs, ...modules, ...libraries, loader])),
  ]);
}

/** Puts a kernel and an initramfs, of the packages of the peer `guest` and `init.sh`, into `folder`. */
export async function makeGuestSystem(folder: string): Promise<GuestSystem> {
  const system = { kernel: join(folder, 'vmlinuz'), initrd: join(folder, 'initrd') };
  await copyFile(await find('boot/vmlinuz-*'), system.kernel);
  await writeFile(system.initrd, await initramfs());
  return system;
}

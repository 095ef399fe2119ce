import { join } from 'node:path';
import type { DemoMachine } from './demo-machine.ts';
import { diskDigest } from './disk-digest.ts';
import { changeFilesystemDisk } from './filesystem-disk.ts';

/** The image `disk.raw` in `folder` as a machine that is switched off. */
export function imageMachine(folder: string, why: string): DemoMachine {
  const disk = join(folder, 'disk.raw');
  return {
    kind: 'image',
    source: `image:${disk}`,
    about: `It is an image file that nobody writes to, because ${why}.`,
    digest: () => diskDigest(disk, 'raw'),
    change: () => changeFilesystemDisk(disk, folder),
    shutDown: () => Promise.resolve(true),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

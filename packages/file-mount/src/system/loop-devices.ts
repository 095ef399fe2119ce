import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const DEVICES = '/sys/block';

/** A loop device that is in use, and the file behind it. */
export type LoopDevice = { readonly device: string; readonly file: string };

/** All loop devices that have a file. */
export async function loopDevices(): Promise<readonly LoopDevice[]> {
  const names = (await readdir(DEVICES)).filter((name) => name.startsWith('loop'));
  const found: LoopDevice[] = [];
  for (const name of names) {
    const file = await readFile(join(DEVICES, name, 'loop', 'backing_file'), 'utf8').catch(() => undefined);
    if (file !== undefined) found.push({ device: `/dev/${name}`, file: file.replace(/\n$/u, '') });
  }
  return found;
}

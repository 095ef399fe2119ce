import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { type Check, passed } from './check.ts';

async function findProgram(name: string, path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter).filter((part) => part !== '')) {
    const file = join(folder, name);
    const found = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return file;
  }
  return undefined;
}

/** qemu-img: not needed, but it opens every recovery point without Sendense. */
export async function checkQemu(path: string | undefined): Promise<Check> {
  const file = await findProgram('qemu-img', path ?? '');
  if (file !== undefined) return passed('qemu-img', file);
  return passed(
    'qemu-img',
    'absent: not needed',
    'install qemu-utils to look at recovery points without Sendense',
  );
}

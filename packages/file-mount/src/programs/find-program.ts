import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { SendenseError } from '@sendense/core';
import { processEnvironment } from '@sendense/plugin-kit';

/** Programs of administrators lie in folders that not every PATH names. */
const ALSO = ['/usr/sbin', '/sbin', '/usr/bin', '/bin'] as const;

/** The file of a program; `undefined` where it is not installed. */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of [...(processEnvironment().PATH ?? '').split(delimiter), ...ALSO]) {
    if (folder === '') continue;
    const file = join(folder, name);
    if (await isExecutable(file)) return file;
  }
  return undefined;
}

/** The file of a program. Rejects with `UNSUPPORTED` and the package of Debian that brings it. */
export async function needProgram(name: string, debianPackage: string): Promise<string> {
  const file = await findProgram(name);
  if (file !== undefined) return file;
  throw new SendenseError('UNSUPPORTED', `${name} is not installed, which mounting needs`, {
    operation: 'mount-point',
    remedy: `install ${debianPackage} (its name in Debian and Ubuntu), or read the files in process: they need no mount`,
    context: { program: name, package: debianPackage },
  });
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

import { readFile } from 'node:fs/promises';
import { SendenseError } from '@sendense/core';
import { mapErrno } from '@sendense/plugin-kit';
import type { ResolvedOptions } from '../options.ts';

/** Certificate and key, as files hold them. Rejects as the file system does. */
export async function readTls({
  certificateFile,
  keyFile,
}: NonNullable<ResolvedOptions['tls']>): Promise<{ readonly cert: string; readonly key: string }> {
  return { cert: await readPem(certificateFile), key: await readPem(keyFile) };
}

async function readPem(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw mapErrno(error, 'read-tls', path);
  });
  if (text.includes('-----BEGIN ')) return text;
  throw new SendenseError('CONFIG_INVALID', `${path} is not in PEM`, {
    operation: 'read-tls',
    remedy: 'name a file that begins with "-----BEGIN"',
  });
}

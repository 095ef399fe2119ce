import { createSecureContext } from 'node:tls';
import { SendenseError } from '@sendense/core';
import { nodeFileSystem, readSecretFile, readSmallFile } from '@sendense/plugin-kit';
import type { ResolvedOptions } from '../options.ts';

/** A chain of certificates is some KiB. */
const MAX_CERTIFICATE_BYTES = 1024 * 1024;

/**
 * Certificate and key in PEM. Rejects as the file system does; with `CONFIG_INVALID` for a key that others may read, and for files that are
 * no certificate and its key.
 */
export async function readTls({
  certificateFile,
  keyFile,
}: NonNullable<ResolvedOptions['tls']>): Promise<{ readonly cert: string; readonly key: string }> {
  const cert = new TextDecoder().decode(
    await readSmallFile(nodeFileSystem, certificateFile, MAX_CERTIFICATE_BYTES),
  );
  const key = (await readSecretFile(keyFile)).reveal();
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw new SendenseError(
      'CONFIG_INVALID',
      `${certificateFile} and ${keyFile} are no certificate and its key`,
      {
        operation: 'read-tls',
        remedy: 'name a certificate, and the key that it was made for, both in PEM',
        cause: error,
      },
    );
  }
  return { cert, key };
}

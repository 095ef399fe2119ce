import { resolve } from 'node:path';
import type { NbdServiceServices } from '@sendense/nbd-service';
import { readSecretFile } from '@sendense/plugin-kit';
import { nodeFileSystem, readSmallFile } from '@sendense/plugin-kit/files';
import type { Session } from './session.ts';

/** A chain of certificates is some KiB. */
const MAX_CERTIFICATE_BYTES = 1024 * 1024;

/**
 * TLS of the NBD service as the configuration has it; `undefined` without. Rejects with `NOT_FOUND` for a file that is not there, and
 * with `CONFIG_INVALID` for a key that others may read.
 */
export async function exportTls(session: Session): Promise<NbdServiceServices['tls']> {
  const { tls } = session.config.exports;
  if (tls === undefined) return undefined;
  const pathOf = (file: string) => resolve(session.host.workingDirectory, file);
  const readPem = async (file: string) =>
    new TextDecoder().decode(await readSmallFile(nodeFileSystem, pathOf(file), MAX_CERTIFICATE_BYTES));
  const { certificateFile, keyFile, clientCaFile } = tls;
  return {
    certificatePem: await readPem(certificateFile),
    keyPem: await readSecretFile(pathOf(keyFile)),
    ...(clientCaFile !== undefined && { clientCaPem: await readPem(clientCaFile) }),
  };
}

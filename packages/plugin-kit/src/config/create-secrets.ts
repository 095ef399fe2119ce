import { Secret, type Secrets, SendenseError } from '@sendense/core';
import type { FileSystem } from '../files/file-system.ts';
import { nodeFileSystem } from '../files/node-file-system.ts';
import { readSmallFile } from '../files/small-files.ts';

/** The most bytes of a file that holds a secret. */
const MAX_SECRET_BYTES = 64 * 1024;
/** Permission bits of group and others. */
const NOT_OWNER = 0o077;

/** Where secrets come from. */
export type SecretSources = {
  /** Variables of the environment, handed in by the program: nothing here reads `process.env`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Begins each variable's name; default `SENDENSE_SECRET_`. */
  readonly prefix?: string;
  readonly fileSystem?: FileSystem;
};

/** The secret in a file, without the end of its line. A file that others may read, or that is no text, is refused with `CONFIG_INVALID`. */
export async function readSecretFile(path: string, fileSystem: FileSystem = nodeFileSystem): Promise<Secret> {
  const status = await fileSystem.stat(path);
  if (status?.mode !== undefined && (status.mode & NOT_OWNER) !== 0)
    throw new SendenseError('CONFIG_INVALID', `${path} holds a secret and can be read by other users`, {
      operation: 'read-secret',
      context: { path, mode: status.mode.toString(8) },
      remedy: `chmod 600 ${path}`,
    });
  const bytes = await readSmallFile(fileSystem, path, MAX_SECRET_BYTES);
  return new Secret(textOf(bytes, path).replace(/\r?\n$/, ''));
}

/** Bytes that are no text would all be read as the same replacement character, and different keys as one. */
function textOf(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // without its cause: that may show the bytes
    throw new SendenseError('CONFIG_INVALID', `${path} is not UTF-8 text`, {
      operation: 'read-secret',
      context: { path },
      remedy: 'write the secret as one line of text; of a binary key its base64, as of "base64 -w0"',
    });
  }
}

/**
 * Secrets by name: `s3.key` is the variable `SENDENSE_SECRET_S3_KEY`, or the file that `SENDENSE_SECRET_S3_KEY_FILE` names.
 * A file that others may read is refused with `CONFIG_INVALID`. A name that is not there gives `undefined`.
 */
export function createSecrets(sources: SecretSources): Secrets {
  const { environment, prefix = 'SENDENSE_SECRET_', fileSystem = nodeFileSystem } = sources;
  return {
    async get(name) {
      const variable = prefix + name.toUpperCase().replace(/[^A-Z0-9]+/g, '_');
      const value = environment[variable];
      if (value !== undefined) return new Secret(value);
      const path = environment[`${variable}_FILE`];
      return path === undefined ? undefined : readSecretFile(path, fileSystem);
    },
  };
}

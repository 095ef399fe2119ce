import { SendenseError, type StandardSchemaV1 } from '@sendense/core';
import type { FileSystem } from '../files/file-system.ts';
import { nodeFileSystem } from '../files/node-file-system.ts';
import { readSmallFile } from '../files/small-files.ts';
import { parseOptions } from './parse-options.ts';

/** The most bytes of a configuration file. */
const MAX_CONFIG_BYTES = 1024 * 1024;

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new SendenseError('CONFIG_INVALID', `${path} is not valid JSON`, {
      operation: 'read-config',
      cause: error,
      context: { path },
      remedy: 'check commas, quotes and brackets; JSON has no comments',
    });
  }
}

/**
 * Reads a JSON file and checks it by a schema. Rejects with `NOT_FOUND`, `PERMISSION_DENIED`, or `CONFIG_INVALID` naming
 * the file and each wrong field.
 */
export async function readConfig<Output>(
  path: string,
  schema: StandardSchemaV1<unknown, Output>,
  fileSystem: FileSystem = nodeFileSystem,
): Promise<Output> {
  const bytes = await readSmallFile(fileSystem, path, MAX_CONFIG_BYTES);
  return parseOptions(schema, parseJson(new TextDecoder().decode(bytes), path), path);
}

import { SendenseError } from '@sendense/core';
import { readConfig } from '@sendense/plugin-kit';
import { type Config, configSchema } from './config-schema.ts';

/**
 * Reads a configuration file. Throws `CONFIG_INVALID` naming the field that is wrong. A missing file is an empty
 * configuration unless it was `named` by the user (`NOT_FOUND`).
 */
export async function loadConfig(path: string, named: boolean): Promise<Config> {
  try {
    return await readConfig(path, configSchema);
  } catch (error) {
    if (!named && SendenseError.is(error, 'NOT_FOUND')) return configSchema.parse({});
    throw error;
  }
}

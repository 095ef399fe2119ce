import { join } from 'node:path';
import type { PlanId } from '@sendense/core';
import { type FileSystem, unfinishedFilesOf } from '@sendense/plugin-kit/files';
import type { CheckedOptions } from '../options.ts';

const SUFFIX = '.nvram.fd';

/** The file for the UEFI variables of a machine: named by the plan, so that none is ever replaced. */
export function variablesPath({ folder, name }: CheckedOptions, plan: PlanId): string {
  return join(folder, `${name}.${plan}${SUFFIX}`);
}

/** The file and what processes that died left of its making. */
export async function variablesFiles(fileSystem: FileSystem, path: string): Promise<readonly string[]> {
  return [path, ...(await unfinishedFilesOf(fileSystem, path))];
}

/** The plan that a file of the folder is named by, finished or not; `undefined` for another kind of file. */
export function planOfVariables({ name }: CheckedOptions, file: string): string | undefined {
  if (!file.startsWith(`${name}.`)) return undefined;
  return /^(.+)\.nvram\.fd(?:\.[0-9a-f-]{36}\.tmp)?$/.exec(file.slice(name.length + 1))?.[1];
}

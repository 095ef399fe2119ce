import { join } from 'node:path';
import type { PlanId } from '@sendense/core';
import type { CheckedOptions } from '../options.ts';

const SUFFIX = '.nvram.fd';

/** The file for the UEFI variables of a machine: named by the plan, so that none is ever replaced. */
export function variablesPath({ folder, name }: CheckedOptions, plan: PlanId): string {
  return join(folder, `${name}.${plan}${SUFFIX}`);
}

/** The file and what a process that died left of its making. */
export function variablesFiles(path: string): readonly string[] {
  return [path, `${path}.tmp`];
}

/** The plan that a file of the folder is named by; `undefined` for another kind of file. */
export function planOfVariables({ name }: CheckedOptions, file: string): string | undefined {
  if (!file.startsWith(`${name}.`)) return undefined;
  return /^(.+)\.nvram\.fd(?:\.tmp)?$/.exec(file.slice(name.length + 1))?.[1];
}

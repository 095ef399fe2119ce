import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { changeStateSchema } from '@sendense/core';
import { expect } from 'vitest';
import type { LibvirtBench } from './libvirt-bench.ts';
import type { Received } from './live-bench.ts';

const PROGRAM = fileURLToPath(new URL('./backup-process.ts', import.meta.url));

/** Runs a backup that dies when it sends a virsh command; resolves with what a destination holds after it, if it got that far. */
export async function dyingBackup(
  bench: LibvirtBench,
  last: Received,
  [command, occurrence]: readonly [string, number],
): Promise<Received | undefined> {
  const name = `${command}-${occurrence}`;
  const { folder, uri } = bench.libvirt;
  const base = [...bench.content.keys()].map((target) => join(folder, `base-${target}`));
  for (const [index, path] of base.entries()) await writeFile(path, last.disks[index] ?? '');
  const result = join(folder, `result-${name}`);
  const killAt = { text: `; ${command} `, occurrence };
  const options = { libvirt: { uri, domain: bench.domain.name } };
  const work = { options, id: `sendense-${name}`, since: last.state, base, result, killAt };
  const child = spawn(process.execPath, [...process.execArgv, PROGRAM, JSON.stringify(work)], {
    stdio: 'inherit',
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  expect([name, code, signal]).toEqual([name, null, 'SIGKILL']);
  if ((await stat(result).catch(() => undefined)) === undefined) return undefined;
  const state = changeStateSchema.parse(JSON.parse(await readFile(result, 'utf8')));
  return { state, disks: await Promise.all(base.map((_, index) => readFile(`${result}.${index}`))) };
}

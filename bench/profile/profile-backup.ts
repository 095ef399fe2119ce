import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { settle } from '../measure/side.ts';
import { ourBackup } from '../rows/our-backup.ts';
import type { Workbench } from '../workbench.ts';
import type { Profile } from './profile.ts';
import { type CpuProfile, scriptTimes } from './script-times.ts';
import { watchThreads } from './thread-times.ts';

/** Backs a raw disk of random bytes up once with the profiler of Node on. */
export async function profileBackup(bench: Workbench): Promise<Profile> {
  const source = await bench.dataSet('rnd');
  await using folder = await bench.folder('disk');
  const { repository, before } = ourBackup(bench, folder.path, []);
  await before();
  const where = ['--source', `image:${source}`, '--repository', repository.path];
  const command = bench.ctl(repository.home, 'backup', 'start', ...where);
  bench.say('profile of one full backup');
  await settle();
  const begun = performance.now();
  // without the shell's own process: the threads that are watched are those of the program
  const child = spawn('/bin/sh', ['-c', `exec ${command}`], {
    cwd: folder.path,
    env: { ...process.env, NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${folder.path}` },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.on('data', (text: Buffer) => (printed += text.toString()));
  const ended = once(child, 'close');
  const threads = await watchThreads(child.pid ?? 0, ended);
  const wallSeconds = (performance.now() - begun) / 1000;
  const { durationMs } = JSON.parse(printed) as { durationMs: number };
  return {
    sizeBytes: bench.settings.sizeBytes,
    command: bench.readable(command),
    wallSeconds,
    backupSeconds: durationMs / 1000,
    threads,
    script: scriptTimes(await readCpuProfile(folder.path)),
  };
}

async function readCpuProfile(folder: string): Promise<CpuProfile> {
  const file = (await readdir(folder)).find((name) => name.endsWith('.cpuprofile'));
  if (file === undefined) throw new Error('Node wrote no profile');
  return JSON.parse(await readFile(path.join(folder, file), 'utf8')) as CpuProfile;
}

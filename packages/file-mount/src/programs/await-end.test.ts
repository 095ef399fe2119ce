import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import type { Timer } from '@sendense/plugin-kit';
import { expect, it } from 'vitest';
import { awaitEnd } from './await-end.ts';

const atOnce: Timer = { monotonicMs: () => 0, sleep: () => Promise.resolve() };

it('A program that does not end by itself is killed', async () => {
  const child = spawn(process.execPath, [
    '-e',
    "process.on('SIGTERM', () => {}); setInterval(() => {}, 1e6); console.log('up')",
  ]);
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  await awaitEnd(child, 50);
  expect(child.signalCode).toBe('SIGKILL');
});

it('A program that ended before is not waited for', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  await expect(awaitEnd(child, 50, atOnce)).resolves.toBeUndefined();
});

it('A program that the kernel does not let end is given up, which is told', async () => {
  const sent: unknown[] = [];
  const stuck = Object.assign(new EventEmitter(), {
    pid: 4_194_305,
    exitCode: null,
    signalCode: null,
    kill: (signal: unknown) => sent.push(signal),
    unref: () => sent.push('unref'),
  });
  const ended = awaitEnd(stuck as unknown as ChildProcess, 50, atOnce);
  await expect(ended).rejects.toMatchObject({ code: 'TIMEOUT', context: { pid: 4_194_305 } });
  expect(sent).toEqual(['SIGKILL', 'unref']);
});

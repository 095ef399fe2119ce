import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Timer } from '@sendense/plugin-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sendSignal } from './send-signal.ts';
import { endServing } from './session-processes.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sendense-serving-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A program by the name of another one that names a file in the folder. */
async function start(name: string) {
  const file = join(folder, 'file');
  await writeFile(file, 'up');
  const child = spawn('tail', ['-f', file], { argv0: name, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  return { child, ended };
}

/** Each look at it takes a second. */
function fastTimer(): Timer {
  let nowMs = 0;
  return {
    monotonicMs: () => {
      nowMs += 1000;
      return nowMs;
    },
    sleep: () => Promise.resolve(),
  };
}

describe.skipIf(process.platform !== 'linux')('the programs that serve a mount', () => {
  it('are ended, and no other ones, whatever these name', async () => {
    const daemon = await start('qemu-storage-daemon');
    const other = await start('less');
    expect(await endServing(folder)).toBe(1);
    await daemon.ended;
    expect(other.child.signalCode).toBeNull();
    other.child.kill();
    await other.ended;
  });

  it('are told where they outlive every signal: the mount is not gone then', async () => {
    const daemon = await start('qemu-storage-daemon');
    const sent: unknown[] = [];
    const send = (pid: number, signal: NodeJS.Signals) => void sent.push([pid, signal]);
    const { pid = 0 } = daemon.child;
    await expect(endServing(folder, fastTimer(), send)).rejects.toMatchObject({
      code: 'TIMEOUT',
      context: { pids: [pid] },
    });
    expect(sent).toEqual([
      [pid, 'SIGTERM'],
      [pid, 'SIGKILL'],
    ]);
    sendSignal(pid, 'SIGKILL');
    await daemon.ended;
  });
});

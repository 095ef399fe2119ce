import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { hostname } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { createProcessFence, isHolderAlive, processHolder } from './process-fence.ts';

describe('the fence of a process', () => {
  it('names this process, which lives', async () => {
    const fence = createProcessFence();
    expect(fence.holder).toBe(processHolder());
    expect(isHolderAlive(fence.holder)).toBe(true);
    await fence.check();
  });

  it('takes a process id that was given to another program for dead', () => {
    expect(isHolderAlive(`${hostname()}:${process.pid}:1`)).toBe(false);
    expect(isHolderAlive(`${hostname()}:4194305:123`)).toBe(false);
  });

  it.runIf(process.platform === 'linux')(
    'takes a process for dead whose end nobody has asked for yet',
    async () => {
      // the shell becomes a program that does not ask for the end of the other one
      const parent = spawn('sh', ['-c', 'cat <&3 >/dev/null & echo $!; exec cat'], {
        stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
      });
      const { stdin, stdout } = parent as ChildProcessByStdio<Writable, Readable, null>;
      const [line] = (await once(stdout, 'data')) as [Buffer];
      const pid = Number(line.toString());
      stdin.write('has it become that?');
      await once(stdout, 'data');
      (parent.stdio[3] as Socket).end();
      await vi.waitUntil(() => readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z '));
      expect(isHolderAlive(`${hostname()}:${pid}:-`)).toBe(false);
      stdin.end();
      await once(parent, 'close');
    },
  );

  it('cannot tell of another host, and so calls it alive', () => {
    expect(isHolderAlive('another-host:1:1')).toBe(true);
  });

  it('calls a holder that names no process dead', () => {
    expect(isHolderAlive('solo')).toBe(false);
  });
});

import { expect, it } from 'vitest';
import type { Host } from '../host.ts';
import { processHost } from '../process-host.ts';
import { runHook } from './run-hook.ts';

it('runs a shell command, shows what it prints and fails with it', async () => {
  const written: string[] = [];
  const stderr = { write: (text: string) => written.push(text) } as never;
  const host: Host = { ...processHost(), stderr };
  const { signal } = new AbortController();
  await runHook('--pre-freeze', 'echo out; echo err >&2', host, signal);
  expect(written.join('').split('\n').toSorted()).toEqual(['', 'err', 'out']);
  await expect(runHook('--pre-freeze', 'exit 7', host, signal)).rejects.toMatchObject({
    code: 'QUIESCE_FAILED',
    message: expect.stringContaining('7'),
  });
});

it('ends the command when it is aborted', async () => {
  const controller = new AbortController();
  const running = runHook('--pre-freeze', 'sleep 60', processHost(), controller.signal);
  controller.abort();
  await expect(running).rejects.toMatchObject({ code: 'QUIESCE_FAILED' });
});

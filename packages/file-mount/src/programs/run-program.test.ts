import { expect, it, vi } from 'vitest';
import { runProgram } from './run-program.ts';

function pipes(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'PipeWrap').length;
}

it.runIf(process.platform === 'linux')('a program that does not end in time is let go of', async () => {
  const before = pipes();
  // what the program started has its output open still when it is killed
  const ended = runProgram('/bin/sh', ['-c', 'sleep 5 & wait'], 200);
  await vi.waitUntil(() => pipes() > before);
  await expect(ended).rejects.toMatchObject({ code: 'TIMEOUT' });
  await vi.waitUntil(() => pipes() <= before, { timeout: 2000 });
});

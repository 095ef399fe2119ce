import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { expect, it } from 'vitest';
import { isHolderAlive, processHolder } from './holder.ts';

it('sees this process, and not one that has ended or whose id was used again', async () => {
  expect(isHolderAlive(processHolder())).toBe(true);
  const child = spawn(process.execPath, ['--eval', '']);
  const { pid } = child;
  await once(child, 'exit');
  expect(isHolderAlive(`${hostname()}:${pid}:123`)).toBe(false);
  expect(isHolderAlive(`${hostname()}:${process.pid}:1`)).toBe(false);
});

it('takes a process that it cannot look at for alive', () => {
  expect(isHolderAlive(`another-host:1:1`)).toBe(true);
  expect(isHolderAlive('solo')).toBe(true);
});

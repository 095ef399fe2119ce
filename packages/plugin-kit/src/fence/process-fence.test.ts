import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
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

  it('cannot tell of another host, and so calls it alive', () => {
    expect(isHolderAlive('another-host:1:1')).toBe(true);
  });

  it('calls a holder that names no process dead', () => {
    expect(isHolderAlive('solo')).toBe(false);
  });
});

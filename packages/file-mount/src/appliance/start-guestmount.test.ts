import { expect, it } from 'vitest';
import { startGuestmount } from './start-guestmount.ts';

const START = {
  program: 'false',
  socket: '/nowhere/nbd.sock',
  exportName: 'v0',
  mount: '/dev/sda:/:ro:ext4',
  target: '/nowhere/v0',
  temporary: '/nowhere/tmp',
};

it('Nothing is started for a caller that has gone', async () => {
  const started = startGuestmount(START, { signal: AbortSignal.abort() });
  await expect(started).rejects.toMatchObject({ code: 'ABORTED' });
});

it('A program that ends before it shows anything is no way to read the volume', async () => {
  await expect(startGuestmount(START)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
});

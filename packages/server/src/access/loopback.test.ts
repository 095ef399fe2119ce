import { expect, it } from 'vitest';
import { isLoopbackHost } from './loopback.ts';

it('knows this machine by its names and addresses, and no other one', () => {
  for (const host of ['localhost', 'LOCALHOST', '127.0.0.1', '127.8.9.1', '::1', '[::1]', '0:0:0:0:0:0:0:1'])
    expect(isLoopbackHost(host), host).toBe(true);
  for (const host of [
    '',
    '0.0.0.0',
    '::',
    '128.0.0.1',
    '127.0.0.1.example',
    'localhost.example',
    'evil',
    '127.1',
  ])
    expect(isLoopbackHost(host), host).toBe(false);
});

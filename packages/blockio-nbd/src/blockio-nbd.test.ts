import { describe, expect, it } from 'vitest';
import { createNbdDriver, plugin } from './index.ts';

const nbd = { kind: 'nbd', address: { kind: 'unix', path: '/nowhere/socket' }, export: '' } as const;

describe('the NBD driver', () => {
  it('supports NBD endpoints, and nothing else', () => {
    const driver = createNbdDriver();
    expect(driver.supports(nbd, 'read')).toBe(true);
    expect(driver.supports(nbd, 'write')).toBe(true);
    expect(driver.supports({ kind: 'file', path: '/disk' }, 'read')).toBe(false);
  });

  it.each([{ connections: 0 }, { connections: 17 }, { idleTimeoutMs: 0.5 }, { other: 1 }])(
    'refuses the options %j with CONFIG_INVALID',
    (options) => {
      expect(() => createNbdDriver(options)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    },
  );

  it.each([
    ['a socket that is not there', { kind: 'unix', path: '/nowhere/socket' }, 'NOT_FOUND'],
    ['a path through a file', { kind: 'unix', path: '/etc/passwd/socket' }, 'NOT_FOUND'],
    ['a port that nobody listens at', { kind: 'tcp', host: '127.0.0.1', port: 1 }, 'CONNECTION_LOST'],
  ] as const)('says of %s what it is', async (_, address, code) => {
    const failure = await createNbdDriver()
      .openReader({ ...nbd, address })
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code, remedy: expect.any(String) });
  });

  it('is found by its name', () => {
    expect(plugin).toMatchObject({ kind: 'block-io', name: 'nbd' });
  });
});

import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Principal } from '../../access/principal.ts';
import type { TenantScope } from '../../access/tenant-scope.ts';
import { Mounts } from './mounts.ts';

const principal = { tenant: 'one' } as unknown as Principal;
const scope = {} as TenantScope;

/** Mounts over sessions and folders that open nothing; `end` ends all folders, as they do by themselves. */
function emptyMounts() {
  const sessions: { readonly id: string }[] = [];
  const ended = Promise.withResolvers<string>();
  const open = async () => {
    const session = {
      id: `session ${sessions.length}`,
      point: { id: 'point' },
      async [Symbol.asyncDispose]() {
        await Promise.resolve();
        sessions.splice(sessions.indexOf(session), 1);
      },
    };
    await Promise.resolve();
    sessions.push(session);
    return session;
  };
  const parts = {
    files: { open, sessions },
    folders: { show: async () => Promise.resolve({ ended: ended.promise }) },
    places: { seesMachine: async () => Promise.resolve(true) },
  };
  const mounts = new Mounts(parts as unknown as ConstructorParameters<typeof Mounts>[0]);
  const request = { mode: 'mount', repository: {}, repositoryName: 'r', point: { id: 'point' } };
  const mount = () => mounts.open(principal, request as unknown as Parameters<Mounts['open']>[1]);
  const end = async () => {
    ended.resolve('idle');
    await setImmediate();
  };
  return { mounts, mount, end, sessions };
}

it('A mount whose folder ended by itself keeps no session open, which would count for nobody', async () => {
  const { mounts, mount, end, sessions } = emptyMounts();
  await mount();
  await mount();
  expect(sessions).toHaveLength(2);
  await end();
  expect(await mounts.list({ principal, scope })).toEqual([]);
  expect(sessions).toEqual([]);
});

it('Downloads of a mount whose folder ended by itself go on, and its session ends with the last of them', async () => {
  const { mounts, mount, end, sessions } = emptyMounts();
  const mounted = await mount();
  const streams = [new PassThrough(), new PassThrough()];
  for (const stream of streams) await mounts.download(principal, mounted, () => Promise.resolve(stream));
  const refused = mounts.download(principal, mounted, () => Promise.reject(new Error('no such file')));
  await expect(refused).rejects.toThrow('no such file');
  await end();
  for (const stream of streams) {
    expect(sessions).toHaveLength(1);
    stream.destroy();
    await setImmediate();
  }
  expect(sessions).toEqual([]);
});

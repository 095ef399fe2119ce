import { mkdir, mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MachineKey } from '@sendense/core';
import { nodeFileSystem as fileSystem } from '@sendense/plugin-kit/files';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withLock } from './exclusive-lock.ts';
import { processIdentity } from './process-identity.ts';
import { Session } from './session.ts';
import { fencedName, formatSessionName, parseSessionName, sessionOfToken } from './session-name.ts';

const self = processIdentity();
let root: string;
let folder: string;
let session: Session;
let suffix = 0;

const open = () => {
  suffix += 1;
  const name = suffix.toString(16).padStart(12, '0');
  return Session.open({ fileSystem, folder, suffix: name, heartbeatMs: 60_000, staleAfterMs: 10_000 });
};

/** A session folder as another process leaves it. */
async function leave(change: object, ageMs = 0): Promise<string> {
  suffix += 1;
  const name = formatSessionName({ ...self, suffix: suffix.toString(16).padStart(12, '0'), ...change });
  await mkdir(join(folder, name), { recursive: true });
  const at = new Date(Date.now() - ageMs);
  await utimes(join(folder, name), at, at);
  return name;
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sendense-session-'));
  folder = join(root, 'sessions');
  session = await open();
});

afterEach(async () => {
  await session[Symbol.asyncDispose]();
  await rm(root, { recursive: true });
});

describe('a session', () => {
  it('is named after its process', () => {
    expect(parseSessionName(session.name)).toMatchObject(self);
    expect(parseSessionName(fencedName(session.name))).toBeUndefined();
    expect(sessionOfToken(session.token())).toBe(session.name);
  });

  it('of this host is alive exactly while its process is', async () => {
    const other = await open();
    expect(await session.isAlive(other.name)).toBe(true);
    await other[Symbol.asyncDispose]();
    expect(await session.isAlive(other.name)).toBe(false);
    expect(await session.isAlive(await leave({}))).toBe(false);
    expect(await session.isAlive(await leave({ start: '1' }))).toBe(false);
    expect(await session.isAlive(await leave({ pid: 2 ** 22 + 1 }))).toBe(false);
    expect(await session.isAlive(await leave({ pid: process.ppid, start: '0' }))).toBe(true);
    expect(await session.isAlive(await leave({ pid: process.ppid, start: '1' }))).toBe(false);
  });

  it('of another host is alive while its heartbeat is young, by the clock of the storage', async () => {
    const host = 'ffffffffffff';
    expect(await session.isAlive(await leave({ host }))).toBe(true);
    expect(await session.isAlive(await leave({ host }, 20_000))).toBe(false);
    // The clock went back since: better to wait.
    expect(await session.isAlive(await leave({ host }, -3_600_000))).toBe(true);
  });

  it('fences the dead and only them', async () => {
    const dead = await leave({ pid: 2 ** 22 + 1 });
    const living = await leave({ host: 'ffffffffffff' });
    const other = await open();
    expect(await session.fenceDead()).toEqual([fencedName(dead)]);
    expect(await fileSystem.list(folder)).toContain(living);
    await other.check();
    await other[Symbol.asyncDispose]();
  });

  it('that is fenced can make nothing final, and remove nothing', async () => {
    const other = await open();
    const staged = await other.stage(Buffer.from('x'), 'record');
    await session.stage(Buffer.from('y'), 'record');
    await session.publish(await session.stage(Buffer.from('mine'), 'record'), join(root, 'mine'));
    await session.fence(other.name);
    const fenced = { code: 'FENCED' };
    await expect(other.publish(staged, join(root, 'final'))).rejects.toMatchObject(fenced);
    await expect(other.stage(Buffer.from('x'), 'record')).rejects.toMatchObject(fenced);
    await expect(other.retire(join(root, 'mine'))).rejects.toMatchObject(fenced);
    await expect(other.mark('m' as MachineKey)).rejects.toMatchObject(fenced);
    expect((await fileSystem.list(root)).toSorted()).toEqual(['mine', 'sessions']);
    await other[Symbol.asyncDispose]();
  });

  it('leaves no folder, unless it left something to be tidied up', async () => {
    await session.mark('00000000-0000-5000-8000-000000000001' as MachineKey);
    const other = await open();
    other.leaveUnfinished();
    await other[Symbol.asyncDispose]();
    await session[Symbol.asyncDispose]();
    expect(await fileSystem.list(folder)).toEqual([other.name]);
  });
});

describe('a lock', () => {
  const lock = (of: Session, timeoutMs: number) => ({
    fileSystem,
    session: of,
    path: join(root, 'locks', 'x'),
    timeoutMs,
  });

  it('lets one in at a time', async () => {
    const other = await open();
    let inside = 0;
    let most = 0;
    const enter = async () => {
      inside += 1;
      most = Math.max(most, inside);
      await fileSystem.stat(root);
      inside -= 1;
    };
    await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        withLock(lock(index % 2 ? session : other, 60_000), undefined, enter),
      ),
    );
    expect(most).toBe(1);
    await other[Symbol.asyncDispose]();
  });

  it('of a live holder is LOCKED after the timeout, and leaves nothing behind', async () => {
    const other = await open();
    await withLock(lock(other, 0), undefined, async () => {
      await expect(withLock(lock(session, 0), undefined, () => Promise.resolve())).rejects.toMatchObject({
        code: 'LOCKED',
      });
      expect(await fileSystem.list(join(root, 'locks'))).toEqual(['x']);
    });
    expect(await fileSystem.list(join(root, 'locks'))).toEqual([]);
    await other[Symbol.asyncDispose]();
  });

  it('of a dead holder is broken, and the holder fenced', async () => {
    const dead = await leave({ pid: 2 ** 22 + 1 });
    await mkdir(join(root, 'locks', 'x', `${dead}.7`), { recursive: true });
    expect(await withLock(lock(session, 0), undefined, () => Promise.resolve(1))).toBe(1);
    expect(await fileSystem.list(folder)).toContain(fencedName(dead));
  });

  it('is given up by an aborted wait', async () => {
    const other = await open();
    await withLock(lock(other, 0), undefined, async () => {
      const signal = AbortSignal.timeout(20);
      const waiting = withLock(lock(session, 60_000), { signal }, () => Promise.resolve());
      await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
    });
    await other[Symbol.asyncDispose]();
  });
});

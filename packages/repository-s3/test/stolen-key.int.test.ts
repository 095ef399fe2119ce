import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
} from '@aws-sdk/client-s3';
import type { ObjectStore } from '@sendense/object-repository';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Gateway, startGateway } from './fixtures.ts';

const KEYS = Array.from({ length: 12 }, (_, index) => `pack/${String(index).padStart(2, '0')}`);
const bytesOf = (key: string) => new TextEncoder().encode(`what the writer put into ${key}`);

async function keysOf(store: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('')) keys.push(key);
  return keys;
}

/** Whether the gateway refused. */
async function isRefused(answer: Promise<unknown>): Promise<boolean> {
  return answer.then(
    () => false,
    (error: { $metadata?: { httpStatusCode?: number } }) => error.$metadata?.httpStatusCode === 403,
  );
}

describeWithPeers(['versitygw'], 'whoever stole the key of the writer', () => {
  const lock = { bucket: 'locked', objectLock: 'compliance' } as const;
  const until = new Date(Date.now() + 3_600_000);
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway();
    await using store = await gateway.open(lock);
    for (const key of KEYS) await store.put(key, bytesOf(key), { retainUntil: until });
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  it('cannot remove a locked version, nor shorten its lock, nor bypass it', async () => {
    const { Versions = [] } = await gateway.client.send(new ListObjectVersionsCommand({ Bucket: 'locked' }));
    expect(Versions.map(({ Key }) => Key)).toEqual(KEYS);
    for (const { Key, VersionId } of Versions) {
      const version = { Bucket: 'locked', Key, VersionId };
      const soon = { Mode: 'COMPLIANCE', RetainUntilDate: new Date(Date.now() + 60_000) } as const;
      const attacks = [
        new DeleteObjectCommand(version),
        new DeleteObjectCommand({ ...version, BypassGovernanceRetention: true }),
        new PutObjectRetentionCommand({ ...version, Retention: soon, BypassGovernanceRetention: true }),
      ];
      for (const attack of attacks) expect(await isRefused(gateway.client.send(attack))).toBe(true);
    }
  });

  it('overwrites and hides every object, and all of them still read as the writer put them', async () => {
    for (const [index, Key] of KEYS.entries()) {
      const named = { Bucket: 'locked', Key };
      // overwritten, hidden, hidden and overwritten, overwritten many times
      if (index % 4 !== 1) await gateway.client.send(new PutObjectCommand({ ...named, Body: 'ransom' }));
      if (index % 4 === 1 || index % 4 === 2) await gateway.client.send(new DeleteObjectCommand(named));
      for (let again = 0; again < (index % 4 > 1 ? 9 : 0); again += 1)
        await gateway.client.send(new PutObjectCommand({ ...named, Body: `ransom ${again}` }));
    }
    await using current = await gateway.open(lock);
    expect((await keysOf(current)).length).toBeLessThan(KEYS.length);
    expect(new TextDecoder().decode(await current.get('pack/00'))).toBe('ransom');

    await using first = await gateway.open({ ...lock, versions: 'first' });
    expect(await keysOf(first)).toEqual(KEYS);
    for (const key of KEYS) {
      expect(Buffer.from(await first.get(key))).toEqual(Buffer.from(bytesOf(key)));
      expect(Buffer.from(await first.get(key, { offset: 5, length: 3 }))).toEqual(
        Buffer.from(bytesOf(key).subarray(5, 8)),
      );
      expect(await first.head(key)).toMatchObject({ sizeBytes: bytesOf(key).byteLength });
    }
    expect(await first.head('pack/none')).toBeUndefined();
    await expect(first.get('pack/none')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('does not lead the renewal of locks to what was put over the objects', async () => {
    await using store = await gateway.open(lock);
    const later = new Date(until.getTime() + 600_000);
    for (const key of KEYS) await store.retain(key, later);
    await using first = await gateway.open({ ...lock, versions: 'first' });
    for (const key of KEYS)
      expect((await first.head(key))?.retainUntil?.getTime()).toBeGreaterThanOrEqual(later.getTime());
  });

  it('does not lead prune to remove the locked version behind what was put over it', async () => {
    await using store = await gateway.open(lock);
    await expect(store.delete('pack/00')).rejects.toMatchObject({ code: 'IMMUTABLE' });
    expect(new TextDecoder().decode(await store.get('pack/00'))).toBe('ransom');
  });

  it('a bucket without object lock is refused when locks are asked for', async () => {
    await expect(gateway.open({ objectLock: 'compliance' })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      remedy: expect.stringContaining('object lock') as string,
    });
  });
});

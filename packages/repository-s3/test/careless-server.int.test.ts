import { Secret } from '@sendense/core';
import { validateStore } from '@sendense/object-repository/validate';
import { openS3Store } from '@sendense/repository-s3';
import { startS3rver } from '@sendense/tests/objects';
import { describeWithPeers } from '@sendense/tests/peers';
import { expect, it } from 'vitest';
import { SMALL_SIZES, startGateway } from './fixtures.ts';

const KEYS = { accessKeyId: 'S3RVER', secretAccessKey: new Secret('S3RVER') };

describeWithPeers(['s3rver'], 'a server that ignores If-None-Match', () => {
  it('is found out, and the report says what that means', async () => {
    await using server = await startS3rver('plain');
    await using store = await openS3Store(
      { bucket: 'plain', endpoint: server.endpoint, checksums: 'when-required', attempts: 2, maxDelayMs: 10 },
      { credentials: () => Promise.resolve(KEYS) },
    );
    const { isUsable, cases, findings } = await validateStore(store, {
      sizes: { ...SMALL_SIZES, largeBytes: 2 ** 20 },
    });
    expect(isUsable).toBe(false);
    const broken = cases.filter(({ outcome }) => outcome === 'broken').map(({ name }) => name);
    expect(broken).toContain('an object is never replaced');
    expect(broken).toContain('of many creations at the same moment exactly one wins');
    // it has more to be said of: its listing is out of order, which the store notices by itself
    expect(broken).toContain('keys are listed by their bytes, whatever the order they came in');
    expect(broken).not.toContain('a deleted object is gone for everybody, and may be deleted again');
    expect(findings).toContainEqual({
      severity: 'error',
      code: 'store-promise-broken',
      message: expect.stringMatching(/must be refused with ALREADY_EXISTS.*two writers/) as string,
    });
  });
});

describeWithPeers(['versitygw'], 'a server that keeps its promises', () => {
  it('is usable, and nothing of the validation is left', async () => {
    await using gateway = await startGateway();
    await using store = await gateway.open({ prefix: 'deep/er' });
    const seen: string[] = [];
    const report = await validateStore(store, {
      sizes: { ...SMALL_SIZES, largeBytes: 1 },
      onCase: ({ name }) => seen.push(name),
    });
    expect(report).toMatchObject({ location: 's3://plain/deep/er', isUsable: true, findings: [] });
    expect(report.cases.map(({ name }) => name)).toEqual(seen);
    expect(report.cases.filter(({ outcome }) => outcome === 'not-offered')).toHaveLength(1);
    const left = [];
    for await (const object of store.list('')) left.push(object);
    expect(left).toEqual([]);
  });

  it('tells what locked objects the validation leaves behind', async () => {
    await using gateway = await startGateway();
    await using store = await gateway.open({ bucket: 'locked', objectLock: 'governance' });
    const { isUsable, findings } = await validateStore(store, { sizes: { ...SMALL_SIZES, largeBytes: 1 } });
    expect({ isUsable, codes: findings.map(({ code }) => code) }).toEqual({
      isUsable: true,
      codes: ['validation-leftovers'],
    });
    expect(findings[0]?.message).toContain('IMMUTABLE');
  });
});

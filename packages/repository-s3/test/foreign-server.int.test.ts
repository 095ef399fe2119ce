import { Secret } from '@sendense/core';
import { validateStore } from '@sendense/object-repository/validate';
import { openS3Store } from '@sendense/repository-s3';
import { startS3Mock } from '@sendense/tests/objects';
import { describeWithPeers } from '@sendense/tests/peers';
import { expect, it } from 'vitest';
import { SMALL_OPTIONS, SMALL_SIZES } from './fixtures.ts';

const KEYS = { accessKeyId: 'anybody', secretAccessKey: new Secret('anybody') };
const IN_PARTS = 'a large object is whole, and is create-only too';
/** It looks before it creates, so creations of the same moment may both win: how often is chance. */
const RACE = 'of many creations at the same moment exactly one wins';

describeWithPeers(['s3mock'], 'an S3 of somebody else', () => {
  it('keeps every promise but two, and the validation says so', async () => {
    await using server = await startS3Mock('plain');
    await using store = await openS3Store(
      { bucket: 'plain', prefix: 'deep/er', endpoint: server.endpoint, ...SMALL_OPTIONS },
      { credentials: () => Promise.resolve(KEYS) },
    );
    const { isUsable, cases, findings } = await validateStore(store, { sizes: SMALL_SIZES });
    const outcomes = new Map(cases.map(({ name, outcome }) => [name, outcome]));
    expect(outcomes.get(IN_PARTS)).toBe('broken');
    expect(outcomes.has(RACE)).toBe(true);
    for (const [name, outcome] of outcomes)
      if (name !== IN_PARTS && name !== RACE) expect([name, outcome]).not.toContain('broken');
    expect([...outcomes.values()].filter((outcome) => outcome === 'kept').length).toBeGreaterThan(12);
    expect(isUsable).toBe(false);
    // an object that is sent in parts and is there already is answered with 304, where S3 says 412
    expect(findings.map(({ message }) => message)).toContainEqual(expect.stringContaining('HTTP 304'));
  });
});

import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { LogRecord, RecoveryPoint } from '@sendense/core';
import { FindingList } from '@sendense/file-restore';
import { expect, it } from 'vitest';
import { Archives } from './archives.ts';
import type { MountRecord } from './mounts.ts';

const ACME = { tenant: 'acme' };
const GLOBEX = { tenant: 'globex' };
const ALL = { tenant: null };
const changed = { severity: 'warning', code: 'name-changed', message: 'a name was changed' } as const;

function mountOf(tenant: string | null): MountRecord {
  const point = { id: 'p1' } as RecoveryPoint;
  return { tenant, repositoryName: 'main', point, told: new FindingList() };
}

/** Archives of which four may be made at once. */
function fourAtOnce() {
  const logged: LogRecord[] = [];
  const archives = new Archives(4, (record) => void logged.push(record));
  const make = (caller: { readonly tenant: string | null }) =>
    archives.make(caller, mountOf(caller.tenant), () => new PassThrough());
  return { archives, make, logged };
}

it('makes so many archives at once and no more, half of them of one tenant, and says when to come again', async () => {
  const { make } = fourAtOnce();
  const refused = { code: 'QUOTA_EXCEEDED', retry: 'later', retryAfterMs: 10_000 };
  const [first] = [make(ACME), make(ACME)];
  expect(() => make(ACME)).toThrow(expect.objectContaining(refused));
  make(GLOBEX);
  make(ALL);
  for (const caller of [ACME, GLOBEX, ALL])
    expect(() => make(caller)).toThrow(expect.objectContaining(refused));
  first?.destroy();
  await finished(first as PassThrough).catch(() => undefined);
  make(ALL);
  expect(() => make(ALL)).toThrow(expect.objectContaining(refused));
});

it('gives the place of an archive that ended well to the next one', async () => {
  const { make } = fourAtOnce();
  for (let round = 0; round < 10; round += 1) {
    const stream = make(ACME) as PassThrough;
    stream.end('all of it');
    stream.resume();
    await finished(stream);
  }
  expect(make(ACME)).toBeDefined();
});

it('logs how many findings an archive had once it ended, also badly; of none it says nothing', async () => {
  const { archives, make, logged } = fourAtOnce();
  const mount = mountOf('acme');
  const stream = archives.make(ACME, mount, (tell) => {
    tell(changed);
    tell(changed);
    return new PassThrough();
  });
  const clean = make(GLOBEX);
  for (const each of [stream, clean]) {
    each.destroy(new Error('the client has gone'));
    await finished(each).catch(() => undefined);
  }
  expect(logged).toEqual([
    {
      level: 'warn',
      message: expect.stringContaining('2 findings') as string,
      fields: { tenant: 'acme', repository: 'main', backup: 'p1', findings: 2 },
    },
  ]);
  expect(mount.told.findings).toEqual([changed, changed]);
});

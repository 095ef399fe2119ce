import { SendenseError } from '@sendense/core';
import { testScale, testSeed } from '@sendense/tests/scale';
import { expect, test } from 'vitest';
import { numbersFrom } from '../../test/support/damage.ts';
import { PASSWORD, scripted } from '../../test/support/scripted-session.ts';
import type { JsonMessage } from '../http/send-json.ts';
import { readTags } from './machine-tags.ts';

const CASES = 400 * testScale();
const MACHINE = { type: 'VirtualMachine', id: 'vm-1' };

const VALUES = [
  null,
  '',
  0,
  true,
  [],
  {},
  [null],
  [[]],
  { value: null },
  'x'.repeat(5000),
  { id: 7 },
  '\u0000',
];

/** A server that answers as documented below `/api`. */
function answerTo({ method, path }: JsonMessage): unknown {
  if (path === '/api/session') return method === 'DELETE' ? undefined : 'key-1';
  if (path.includes('tag-association')) return [{ object_id: MACHINE, tag_ids: ['urn:tag:1', 'urn:tag:2'] }];
  if (path.includes('/tag/')) return { id: 'x', name: `n${path.at(-1)}`, category_id: 'urn:category:1' };
  return { id: 'urn:category:1', name: 'owner', associable_types: [] };
}

/** Another value in the place of one of a JSON value, or of all. */
function damage(value: unknown, next: (below: number) => number): unknown {
  if (typeof value !== 'object' || value === null || next(4) === 0) return VALUES[next(VALUES.length)];
  const entries = Object.entries(value);
  const at = next(entries.length);
  const changed = entries.map(([key, old], index) => [key, index === at ? damage(old, next) : old] as const);
  return Array.isArray(value) ? changed.map(([, item]) => item) : Object.fromEntries(changed);
}

const textOf = (value: unknown): string => (value === undefined ? '' : JSON.stringify(value));

test('tags are read, and their session closed', async () => {
  const asked: string[] = [];
  const { session } = scripted({}, {}, undefined, undefined, (message) => {
    asked.push(`${message.method} ${message.path}`);
    return { status: 200, text: textOf(answerTo(message)) };
  });
  await session.open();
  expect((await readTags(session, [MACHINE])).get('vm-1')).toEqual([
    { category: 'owner', name: 'n1' },
    { category: 'owner', name: 'n2' },
  ]);
  expect(asked[0]).toBe('POST /api/session');
  expect(asked.at(-1)).toBe('DELETE /api/session');
});

test('damaged answers are read or refused, and the session is closed', async () => {
  const next = numbersFrom(testSeed());
  let refused = 0;
  for (let index = 0; index < CASES; index += 1) {
    const at = next(5);
    let open = 0;
    let count = 0;
    const { session } = scripted({}, {}, undefined, undefined, (message) => {
      if (message.path === '/api/session') open += message.method === 'POST' ? 1 : -1;
      const told = count === at ? damage(answerTo(message), next) : answerTo(message);
      count += 1;
      const text = next(40) === 0 ? textOf(told).slice(1) : textOf(told);
      return { status: next(50) === 0 ? ([400, 401, 403, 404, 500, 302][next(6)] ?? 500) : 200, text };
    });
    await session.open();
    const failure: unknown = await readTags(session, [MACHINE]).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure === undefined || SendenseError.is(failure), `case ${index}: ${String(failure)}`).toBe(
      true,
    );
    if (failure !== undefined) refused += 1;
    expect(open === 0 || at === 0 || count <= 2, `case ${index}`).toBe(true);
  }
  expect(refused).toBeGreaterThan(CASES / 20);
  expect(refused).toBeLessThan(CASES);
});

test.each([
  ['below /api', (text: string) => ({ error_type: 'UNAUTHORIZED', messages: [{ default_message: text }] })],
  ['below /rest', (text: string) => ({ type: 'x', value: { messages: [{ default_message: text }] } })],
])('an error %s tells what the server says, without the password', async (_where, error) => {
  const { session } = scripted({}, {}, undefined, undefined, (message) =>
    message.path === '/api/session'
      ? { status: 200, text: '"key-1"' }
      : { status: 403, text: textOf(error(`${'x'.repeat(295)}${PASSWORD} no`)) },
  );
  await session.open();
  const failure: unknown = await readTags(session, [MACHINE]).catch((reason: unknown) => reason);
  expect(failure).toMatchObject({ code: 'PERMISSION_DENIED', message: expect.stringContaining('xxx') });
  expect(JSON.stringify(failure)).not.toContain(PASSWORD.slice(0, 5));
});

test('an error that repeats the account of a login tells it as little as the password', async () => {
  const account = Buffer.from(`u:${PASSWORD}`).toString('base64');
  const { session } = scripted({}, {}, undefined, undefined, () => ({
    status: 401,
    text: textOf({ messages: [{ default_message: `not taken: Basic ${account}` }] }),
  }));
  await session.open();
  const failure: unknown = await readTags(session, [MACHINE]).catch((reason: unknown) => reason);
  expect(failure).toMatchObject({ message: expect.stringContaining('not taken: Basic [redacted]') });
  expect(JSON.stringify(failure)).not.toContain(account);
});

test('an error that repeats the key of the session does not tell it', async () => {
  const { session } = scripted({}, {}, undefined, undefined, (message) =>
    message.path === '/api/session'
      ? { status: 200, text: '"key-of-it"' }
      : { status: 403, text: textOf({ messages: [{ default_message: 'no right in key-of-it' }] }) },
  );
  await session.open();
  const failure: unknown = await readTags(session, [MACHINE]).catch((reason: unknown) => reason);
  expect(failure).toMatchObject({ message: expect.stringContaining('no right in [redacted]') });
  expect(JSON.stringify(failure)).not.toContain('key-of-it');
});

import { SendenseError } from '@sendense/core';
import { afterEach, expect, it, vi } from 'vitest';
import { scripted } from '../../test/support/scripted-session.ts';
import type { JsonAnswer, JsonMessage } from '../http/send-json.ts';
import { attachTags, readTags } from './machine-tags.ts';

const MACHINE = { type: 'VirtualMachine', id: 'vm-1' };
const TAGS = ['one', 'two', 'three'].map((name) => ({ category: 'owner', name, id: name }));

afterEach(() => vi.restoreAllMocks());

const json = (status: number, told: unknown): JsonAnswer => ({ status, text: JSON.stringify(told) });

/** A session whose requests for tags are answered by `tags`, and what was asked in their order. */
async function sessionOf(tags: (message: JsonMessage) => JsonAnswer) {
  const asked: string[] = [];
  const { session } = scripted({}, {}, undefined, undefined, (message) => {
    const { method, path } = message;
    asked.push(`${method} ${path}`);
    return path === '/api/session' ? json(method === 'POST' ? 201 : 204, 'key') : tags(message);
  });
  await session.open();
  return { session, asked };
}

/** Attaches three tags, of which the second is answered by `second`. */
async function attached(second: () => JsonAnswer, call?: { readonly signal: AbortSignal }) {
  const { session, asked } = await sessionOf(({ path }) =>
    path.includes('/two?') ? second() : json(204, null),
  );
  const failed = await attachTags(session, MACHINE, TAGS, call);
  const tried = asked.filter((request) => request.includes('attach')).length;
  return { told: failed.map(({ tag, error }) => `${tag.name} ${error.code}`), tried };
}

it.each([
  [400, 'CONFIG_INVALID'],
  [403, 'PERMISSION_DENIED'],
  [404, 'NOT_FOUND'],
])('what is wrong with one tag (%i) does not keep the next from being attached', async (status, code) => {
  const told = { error_type: code, messages: [] };
  expect(await attached(() => json(status, told))).toEqual({ told: [`two ${code}`], tried: 3 });
});

it.each([
  [401, 'AUTHENTICATION_FAILED'],
  [404, 'NOT_FOUND'],
  [503, 'CONNECTION_LOST'],
])(
  'what is wrong with the server (%i) ends the attaching, and all that are left are told',
  async (status, code) => {
    const told = [`two ${code}`, `three ${code}`];
    expect(await attached(() => json(status, {}))).toEqual({ told, tried: 2 });
  },
);

it('a server that does not answer ends the attaching', async () => {
  const silent = new SendenseError('TIMEOUT', 'no answer', { operation: 'automation-attach' });
  const ends = attached(() => {
    throw silent;
  });
  expect(await ends).toEqual({ told: ['two TIMEOUT', 'three TIMEOUT'], tried: 2 });
});

it('all requests for tags share one time: when it is over the rest are told, and no more is asked', async () => {
  const limit = new AbortController();
  vi.spyOn(AbortSignal, 'timeout').mockReturnValue(limit.signal);
  const ends = attached(() => {
    limit.abort();
    throw new SendenseError('ABORTED', 'cancelled', { operation: 'automation-attach' });
  });
  expect(await ends).toEqual({ told: ['two TIMEOUT', 'three TIMEOUT'], tried: 2 });
});

it('reading that takes too long is told as that, and not as cancelled', async () => {
  const limit = new AbortController();
  vi.spyOn(AbortSignal, 'timeout').mockReturnValue(limit.signal);
  const { session } = await sessionOf(() => {
    limit.abort();
    throw new SendenseError('ABORTED', 'cancelled', { operation: 'automation-get' });
  });
  await expect(readTags(session, [MACHINE])).rejects.toMatchObject({ code: 'TIMEOUT' });
});

it('a caller that cancels is told so', async () => {
  const caller = new AbortController();
  const ends = attached(() => {
    caller.abort();
    throw new SendenseError('ABORTED', 'cancelled', { operation: 'automation-attach' });
  }, caller);
  await expect(ends).rejects.toMatchObject({ code: 'ABORTED' });
});

/** Reads the tags of a machine with `count`, each request for one answered by `one`. */
async function reading(count: number, one: () => JsonAnswer) {
  const tag_ids = Array.from({ length: count }, (_, index) => `t:${index}`);
  const { session, asked } = await sessionOf(({ path }) =>
    path.includes('tag-association') ? json(200, [{ object_id: MACHINE, tag_ids }]) : one(),
  );
  const failure: unknown = await readTags(session, [MACHINE]).catch((error: unknown) => error);
  return { failure, asked };
}

it('after the first request that fails no further one is sent, and the session is closed last', async () => {
  const { failure, asked } = await reading(500, () => json(503, {}));
  expect(failure).toMatchObject({ code: 'CONNECTION_LOST' });
  expect(asked.filter((request) => request.includes('/tag/')).length).toBeLessThanOrEqual(8);
  const settled = [...asked];
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked).toEqual(settled);
  expect(asked.at(-1)).toBe('DELETE /api/session');
});

it('tags of which a server tells more than any has are not asked for one by one', async () => {
  const { failure, asked } = await reading(50_001, () => json(503, {}));
  expect(failure).toMatchObject({ code: 'PROTOCOL_VIOLATION' });
  expect(asked.some((request) => request.includes('/tag/'))).toBe(false);
});

it.each(['\ud800', 'a\udc00b'])('an id with half of a pair of surrogates is refused (%#)', async (id) => {
  const { session } = await sessionOf(() => json(200, [{ object_id: MACHINE, tag_ids: [id] }]));
  await expect(readTags(session, [MACHINE])).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' });
});

it('many machines are asked for 500 at a time, and all of their tags are told', async () => {
  const machines = Array.from({ length: 501 }, (_, index) => ({ type: 'VirtualMachine', id: `vm-${index}` }));
  const batches: number[] = [];
  const { session } = await sessionOf(({ path, body }) => {
    if (path.includes('/category/')) return json(200, { name: 'owner' });
    if (!path.includes('tag-association')) return json(200, { name: 'web', category_id: 'c:1' });
    const { object_ids } = JSON.parse(body ?? '') as { object_ids: readonly { readonly id: string }[] };
    batches.push(object_ids.length);
    return json(
      200,
      object_ids.map((object_id) => ({ object_id, tag_ids: ['t:1'] })),
    );
  });
  const tags = await readTags(session, machines);
  expect(batches).toEqual([500, 1]);
  expect(tags.size).toBe(501);
  expect(tags.get('vm-500')).toEqual([{ category: 'owner', name: 'web' }]);
});

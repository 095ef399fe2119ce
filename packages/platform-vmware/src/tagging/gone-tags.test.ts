import { SendenseError } from '@sendense/core';
import { expect, it, test } from 'vitest';
import { scripted } from '../../test/support/scripted-session.ts';
import type { JsonAnswer } from '../http/send-json.ts';
import { readTags } from './machine-tags.ts';

const MACHINE = { type: 'VirtualMachine', id: 'vm-1' };

const json = (status: number, told: unknown): JsonAnswer => ({ status, text: JSON.stringify(told) });

/** The tags of a machine with two, of which the second is answered by `second`. */
async function tagsWith(second: () => JsonAnswer): Promise<readonly string[]> {
  const { session } = scripted({}, {}, undefined, undefined, ({ path, method }) => {
    if (path === '/api/session') return method === 'POST' ? json(201, 'key') : json(204, null);
    if (path.includes('tag-association')) return json(200, [{ object_id: MACHINE, tag_ids: ['t:1', 't:2'] }]);
    if (path.endsWith('/tag/t:2')) return second();
    if (path.includes('/tag/')) return json(200, { name: 'web', category_id: 'c:1' });
    return json(200, { name: 'owner', associable_types: [] });
  });
  await session.open();
  const tags = (await readTags(session, [MACHINE])).get(MACHINE.id) ?? [];
  return tags.map(({ name }) => name);
}

it.each([
  { error_type: 'NOT_FOUND', messages: [] },
  { type: 'com.vmware.vapi.std.errors.not_found', value: {} },
])('a tag of which the server says that it is not there is left out (%o)', async (told) => {
  expect(await tagsWith(() => json(404, told))).toEqual(['web']);
});

it.each([
  ['an operation that the server has not', json(404, { error_type: 'OPERATION_NOT_FOUND', messages: [] })],
  ['one below /rest', json(404, { type: 'com.vmware.vapi.std.errors.operation_not_found', value: {} })],
  ['a page of a proxy', { status: 404, text: '<html>NOT_FOUND</html>' }],
  ['no body', { status: 404, text: '' }],
])('tags are not left out for a 404 of another meaning: %s', async (_what, answer) => {
  await expect(tagsWith(() => answer)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('tags are not left out for a server without an address', async () => {
  const unreached = new SendenseError('NOT_FOUND', 'its name has no address', {
    operation: 'automation-get',
  });
  const reading = tagsWith(() => {
    throw unreached;
  });
  await expect(reading).rejects.toBe(unreached);
});

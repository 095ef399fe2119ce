import { SendenseError, systemRandom } from '@sendense/core';
import { systemTimer } from '@sendense/plugin-kit';
import { expect, it } from 'vitest';
import { createConnection } from './connect.ts';
import { checkOptions } from './options.ts';

it('a caller that is cancelled while the session is opened does not cancel the others', async () => {
  const gate = Promise.withResolvers<undefined>();
  const options = checkOptions({ address: 'vc.example', user: 'u' });
  const context = { options, timer: systemTimer, random: systemRandom, log: undefined };
  // no password: the opening fails by that, and by nothing that a caller did
  await using connection = createConnection(context, { get: () => gate.promise });
  const stop = new AbortController();
  const first = connection.connect({ signal: stop.signal }).catch((error: unknown) => error);
  const second = connection.connect().catch((error: unknown) => error);
  stop.abort();
  expect(await first).toMatchObject({ code: 'ABORTED' });
  gate.resolve(undefined);
  const failed = await second;
  expect(SendenseError.is(failed, 'CONFIG_INVALID')).toBe(true);
});

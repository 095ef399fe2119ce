import { expect, it } from 'vitest';
import { checkListen } from './check-listen.ts';

const tls = { certificateFile: '/c', keyFile: '/k' };
const guard = (guarded: boolean) => ({ isGuarded: async () => guarded });
const listen = (host: string) => ({ host, port: 0 });

it.each(['127.0.0.1', 'localhost', '::1', '127.8.9.1'])('lets anybody listen on %s', async (host) => {
  expect(await checkListen({ listen: listen(host), tls: undefined }, guard(false))).toBeUndefined();
});

it.each(['0.0.0.0', '::', '192.168.0.1', 'backup.example', ''])(
  'listens on %j only with TLS and access',
  async (host) => {
    const refused = (which: RegExp) =>
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(which) });
    const check = (given: typeof tls | undefined, guarded: boolean) =>
      checkListen({ listen: listen(host), tls: given }, guard(guarded));
    await expect(check(undefined, false)).rejects.toEqual(refused(/no tls .* and no access/));
    await expect(check(undefined, true)).rejects.toEqual(refused(/no tls/));
    await expect(check(tls, false)).rejects.toEqual(refused(/no access/));
    await check(tls, true);
  },
);

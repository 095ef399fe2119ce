import { expect, it } from 'vitest';
import { configSchema } from '../../config/config-schema.ts';
import type { Host } from '../../host.ts';
import { serverSettings } from './server-settings.ts';

const URL_OF_CONFIG = 'https://backup.example';

/** The settings with a configured server, by the environment and the flags. */
function settings(env: Host['env'], flags: Parameters<typeof serverSettings>[1] = {}, client: object = {}) {
  const configured = { url: URL_OF_CONFIG, tokenFile: 'token', caFile: 'ca', ...client };
  return serverSettings({ host: { env } as Host, config: configSchema.parse({ client: configured }) }, flags);
}

it('takes the flag before the environment before the configuration', () => {
  expect(settings({})?.url).toBe(URL_OF_CONFIG);
  expect(settings({ SENDENSE_SERVER: 'https://a' })?.url).toBe('https://a');
  expect(settings({ SENDENSE_SERVER: 'https://a' }, { serverUrl: 'https://b' })?.url).toBe('https://b');
  expect(settings({ SENDENSE_SERVER: '' })).toBeUndefined();
});

it('shows the configured token and authorities to the configured server only', () => {
  expect(settings({})).toMatchObject({ tokenFile: 'token', caFile: 'ca', patienceMs: 300_000 });
  expect(settings({}, { serverUrl: URL_OF_CONFIG })).toMatchObject({ tokenFile: 'token', caFile: 'ca' });
  expect(settings({}, { serverUrl: 'https://b' })).toMatchObject({ tokenFile: undefined, caFile: undefined });
  const flags = { serverUrl: 'https://b', tokenFile: 't', caFile: 'c' };
  expect(settings({ SENDENSE_CA_FILE: 'e' }, flags)).toMatchObject({ tokenFile: 't', caFile: 'c' });
  expect(settings({ SENDENSE_CA_FILE: 'e' })).toMatchObject({ caFile: 'e' });
});

it('takes the token of the environment for the server there, and for any where it names none', () => {
  const isTaken = (env: Host['env'], flags: { readonly serverUrl?: string } = {}) =>
    settings({ SENDENSE_TOKEN: 't', ...env }, flags)?.takesEnvironmentToken;
  const a = { SENDENSE_SERVER: 'https://a' };
  const b = { serverUrl: 'https://b' };
  expect([isTaken(a), isTaken(a, { serverUrl: 'https://a' }), isTaken(a, b)]).toEqual([true, true, false]);
  for (const env of [{}, { SENDENSE_SERVER: '' }]) expect(isTaken(env, b)).toBe(true);
});

it('refuses flags of a server where there is none', () => {
  for (const flags of [{ tokenFile: 't' }, { caFile: 'c' }])
    expect(() => settings({ SENDENSE_SERVER: '' }, flags)).toThrow('for a server');
});

import { expect, it } from 'vitest';
import { openAzureStore } from './repository-azure.ts';

it.each([
  ['a token', 'https://account.blob.core.windows.net?sig=hunter2'],
  ['a user and a password', 'https://user:hunter2@account.blob.core.windows.net'],
  ['a user alone', 'https://hunter2@account.blob.core.windows.net'],
])('refuses an endpoint with %s, and does not repeat it', async (_what, endpoint) => {
  const error: unknown = await openAzureStore({ endpoint, container: 'backups' }).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
  expect(JSON.stringify(error)).not.toContain('hunter2');
});

import { expect, it } from 'vitest';
import { openS3Store } from './repository-s3.ts';

it.each([
  ['a bucket with a slash', { bucket: 'a/b' }],
  ['a prefix that leaves the bucket', { bucket: 'backups', prefix: '../other' }],
  ['a prefix that ends with a slash', { bucket: 'backups', prefix: 'a/' }],
  ['an endpoint that is no address', { bucket: 'backups', endpoint: 'file:///etc' }],
  ['an endpoint with a credential', { bucket: 'backups', endpoint: 'https://user:hunter2@s3.example.com' }],
  ['an endpoint with a credential, oddly', { bucket: 'backups', endpoint: 'https:hunter2@s3.example.com' }],
  ['parts smaller than S3 takes', { bucket: 'backups', partBytes: 2 ** 20 }],
  ['an option that does not exist', { bucket: 'backups', secretAccessKey: 'hunter2' }],
])('refuses %s', async (_what, options) => {
  const error: unknown = await openS3Store(options).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
  expect(JSON.stringify(error)).not.toContain('hunter2');
});

it('says where it is, and rejects everything once it is closed', async () => {
  const store = await openS3Store({ bucket: 'backups', prefix: 'office', endpoint: 'http://127.0.0.1:9' });
  expect(store.location).toBe('s3://backups/office');
  await store[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  await expect(store.put('a', new Uint8Array(1))).rejects.toMatchObject({ code: 'NOT_OPEN' });
  await expect(store.head('a')).rejects.toMatchObject({ code: 'NOT_OPEN' });
});

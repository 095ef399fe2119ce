import assert from 'node:assert/strict';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { expectPutBackRefused } from '@sendense/tests/objects';
import { describeWithPeers } from '@sendense/tests/peers';
import { expect, it } from 'vitest';
import { startGateway } from './fixtures.ts';

async function keysIn(client: S3Client, bucket: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket }))
    for (const { Key } of Contents) if (Key !== undefined) keys.push(Key);
  return keys;
}

/** Copies a bucket; what it gives puts it back as it was. */
async function copyBucket(client: S3Client, bucket: string): Promise<() => Promise<void>> {
  const keys = await keysIn(client, bucket);
  const objects = await Promise.all(
    keys.map(async (Key) => {
      const { Body, Metadata } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
      const bytes = (await Body?.transformToByteArray()) ?? assert.fail(`${Key} has no body`);
      return { Bucket: bucket, Key, Body: bytes, ...(Metadata === undefined ? {} : { Metadata }) };
    }),
  );
  expect(objects.length).toBeGreaterThan(4);
  return async () => {
    for (const Key of await keysIn(client, bucket))
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
    for (const object of objects) await client.send(new PutObjectCommand(object));
  };
}

describeWithPeers(['versitygw'], 'a bucket that was put back to an earlier state', () => {
  it('is refused by a client with a trusted head, and by no other', async () => {
    await using gateway = await startGateway();
    const open = () => gateway.open({ prefix: 'repository' });
    await expectPutBackRefused({ open, copy: () => copyBucket(gateway.client, 'plain') });
  });
});

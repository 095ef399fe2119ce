import { PutObjectCommand } from '@aws-sdk/client-s3';
import { type Call, SendenseError } from '@sendense/core';
import type { ObjectStatus, PutOptions } from '@sendense/object-repository';
import { createOnce, joinPieces, MAX_SEALED_BYTES } from '@sendense/object-repository/remote';
import type { Bucket } from './bucket.ts';
import { headObject } from './head-object.ts';
import { findOwn, newObject, type Upload, type VersionId, versionOf } from './new-object.ts';
import { uploadParts } from './upload-parts.ts';

/** Creates an object, in parts where it is large, and looks at it: a lock that the store did not keep is an error. */
export async function putObject(
  bucket: Bucket,
  key: string,
  bytes: Uint8Array | readonly Uint8Array[],
  { retainUntil, beforeSend }: PutOptions = {},
  call?: Call,
): Promise<ObjectStatus> {
  const body = joinPieces(bytes, bucket.subject(key));
  const creation = bucket.services.random.uuid();
  const object = newObject(bucket, key, creation, retainUntil);
  const send = isInParts(bucket, body.byteLength) ? uploadParts : uploadWhole;
  const version = await send(bucket, key, { object, body, creation, beforeSend }, call);
  return checkCreated(bucket, key, { ...version, sizeBytes: body.byteLength, retainUntil }, call);
}

/** What is sent in parts has the time of the first request: nothing by whose time anybody judges whether it came late is large enough. */
function isInParts({ settings }: Bucket, sizeBytes: number): boolean {
  return sizeBytes > Math.max(settings.partBytes, MAX_SEALED_BYTES);
}

async function uploadWhole(
  bucket: Bucket,
  key: string,
  { object, body, creation, beforeSend }: Upload,
  call?: Call,
): Promise<VersionId> {
  const once = createOnce<VersionId>(beforeSend);
  const command = new PutObjectCommand({
    ...object,
    Body: body,
    ContentLength: body.byteLength,
    IfNoneMatch: '*',
  });
  const request = { operation: 'put-object', key, bytes: body.byteLength };
  return bucket.request(
    request,
    (signal) =>
      once({
        send: () =>
          bucket.mapped(request, bucket.client.send(command, { abortSignal: signal }).then(versionOf)),
        findOwn: () => findOwn(bucket, key, creation, signal),
      }),
    call,
  );
}

type Created = VersionId & { readonly sizeBytes: number; readonly retainUntil: Date | undefined };

async function checkCreated(
  bucket: Bucket,
  key: string,
  { versionId, sizeBytes, retainUntil }: Created,
  call?: Call,
): Promise<ObjectStatus> {
  const status = await headObject(bucket, key, call, versionId);
  if (status?.sizeBytes !== sizeBytes)
    throw new SendenseError(
      'PROTOCOL_VIOLATION',
      `${bucket.subject(key)}: the store took it and does not have it`,
      {
        operation: 'put-object',
        effect: 'unknown',
        context: { sizeBytes, foundBytes: status?.sizeBytes ?? null },
        remedy: 'run "sendense-ctl repository validate" on the store',
      },
    );
  if (retainUntil !== undefined && (status.retainUntil?.getTime() ?? 0) < retainUntil.getTime())
    throw new SendenseError(
      'UNSUPPORTED',
      `${bucket.subject(key)}: the store took it without the lock asked for`,
      {
        operation: 'put-object',
        effect: 'unknown',
        remedy: 'grant the right to read and set retention, or use a store with object lock',
      },
    );
  return status;
}

import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { type Call, SendenseError } from '@sendense/core';
import { createOnce, sendInParts } from '@sendense/object-repository/remote';
import type { Bucket } from './bucket.ts';
import { findOwn, type Upload, type VersionId, versionOf } from './new-object.ts';

/**
 * Creates an object in parts. Nothing is to be seen before the last request, which is create-only; after a failure the
 * parts are given up, so that the store does not keep (and bill) them.
 */
export async function uploadParts(
  bucket: Bucket,
  key: string,
  upload: Upload,
  call?: Call,
): Promise<VersionId> {
  const uploadId = await begin(bucket, key, upload, call);
  try {
    const parts = await sendInParts(upload.body, bucket.settings.partBytes, call, (bytes, index, inner) =>
      sendPart(bucket, key, uploadId, index + 1, bytes, inner),
    );
    return await complete(bucket, key, { uploadId, parts, upload }, call);
  } catch (error) {
    await giveUp(bucket, key, uploadId);
    throw error;
  }
}

async function begin(bucket: Bucket, key: string, { object }: Upload, call?: Call): Promise<string> {
  const operation = 'begin-upload';
  const command = new CreateMultipartUploadCommand(object);
  const send = (signal: AbortSignal) => bucket.client.send(command, { abortSignal: signal });
  const { UploadId } = await bucket.request({ operation, key }, send, call);
  if (UploadId !== undefined) return UploadId;
  throw new SendenseError(
    'PROTOCOL_VIOLATION',
    `${bucket.subject(key)}: the store gave no name for the upload`,
    {
      operation,
    },
  );
}

async function sendPart(
  bucket: Bucket,
  key: string,
  UploadId: string,
  PartNumber: number,
  bytes: Uint8Array,
  call: Call,
): Promise<CompletedPart> {
  const operation = 'upload-part';
  const algorithm = bucket.settings.checksums === 'always' ? ({ ChecksumAlgorithm: 'CRC32' } as const) : {};
  const command = new UploadPartCommand({
    ...bucket.object(key),
    ...algorithm,
    UploadId,
    PartNumber,
    Body: bytes,
  });
  const send = (signal: AbortSignal) => bucket.client.send(command, { abortSignal: signal });
  const { ETag, ChecksumCRC32 } = await bucket.request(
    { operation, key, bytes: bytes.byteLength },
    send,
    call,
  );
  return { PartNumber, ETag, ChecksumCRC32 };
}

type SentParts = {
  readonly uploadId: string;
  readonly parts: CompletedPart[];
  readonly upload: Upload;
};

async function complete(
  bucket: Bucket,
  key: string,
  { uploadId, parts, upload: { creation, beforeSend } }: SentParts,
  call?: Call,
): Promise<VersionId> {
  const request = { operation: 'put-object', key };
  const once = createOnce<VersionId>(beforeSend);
  const command = new CompleteMultipartUploadCommand({
    ...bucket.object(key),
    UploadId: uploadId,
    MultipartUpload: { Parts: parts },
    IfNoneMatch: '*',
  });
  return bucket.request(
    request,
    (signal) =>
      once({
        send: () =>
          bucket
            .mapped(request, bucket.client.send(command, { abortSignal: signal }))
            .then(versionOf, alreadyCompleted),
        findOwn: () => findOwn(bucket, key, creation, signal),
      }),
    call,
  );
}

/** An upload that was completed is gone: the repetition of a completion whose answer was lost finds none. */
function alreadyCompleted(error: unknown): never {
  if (!SendenseError.is(error, 'CONFLICT') || error.context.vendorCode !== 'NoSuchUpload') throw error;
  const { operation, context } = error;
  throw new SendenseError('ALREADY_EXISTS', error.message, { operation, context, cause: error });
}

/** Parts that cannot be given up now are left to the lifecycle rule of the bucket; the log names them. */
async function giveUp(bucket: Bucket, key: string, UploadId: string): Promise<void> {
  const operation = 'abort-upload';
  const command = new AbortMultipartUploadCommand({ ...bucket.object(key), UploadId });
  try {
    await bucket.request({ operation, key }, (signal) =>
      bucket.client.send(command, { abortSignal: signal }),
    );
  } catch (error) {
    if (SendenseError.is(error, 'CONFLICT')) return;
    bucket.services.log({
      level: 'warn',
      message: `${bucket.subject(key)}: the parts of an upload that failed are still in the bucket`,
      fields: { key, uploadId: UploadId, code: SendenseError.is(error) ? error.code : 'UNEXPECTED' },
    });
  }
}

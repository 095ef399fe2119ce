import { type Call, SendenseError } from '@sendense/core';
import type { ObjectStatus, PutOptions } from '@sendense/object-repository';
import { createOnce, joinPieces, wholeSecond } from '@sendense/object-repository/remote';
import type { Container } from './container.ts';
import { md5 } from './get-blob.ts';
import { CREATION, findBlob, headBlob } from './head-blob.ts';
import { policyMode } from './retain-blob.ts';
import { type NewBlob, stageBlocks } from './stage-blocks.ts';

const OPERATION = 'put-object';

/** Creates a blob, in blocks where it is large, and looks at it: a policy that the store did not keep is an error. */
export async function putBlob(
  container: Container,
  key: string,
  bytes: Uint8Array | readonly Uint8Array[],
  { retainUntil, beforeSend }: PutOptions = {},
  call?: Call,
): Promise<ObjectStatus> {
  const body = joinPieces(bytes, container.subject(key));
  const creation = container.services.random.uuid();
  const blob = newBlob(container, creation, retainUntil);
  const blockIds =
    body.byteLength > container.settings.partBytes
      ? await stageBlocks(container, key, body, creation, call)
      : undefined;
  await create(container, key, { blob, body, creation, blockIds, beforeSend }, call);
  const status = await headBlob(container, key, call);
  checkCreated(container.subject(key), status, body.byteLength, retainUntil);
  return status;
}

type Upload = {
  readonly blob: NewBlob;
  readonly body: Uint8Array;
  readonly creation: string;
  readonly blockIds: readonly string[] | undefined;
  readonly beforeSend: PutOptions['beforeSend'] | undefined;
};

/** The request that makes the blob: with its bytes, or out of the blocks that were sent before. */
async function create(
  container: Container,
  key: string,
  { blob, body, creation, blockIds, beforeSend }: Upload,
  call?: Call,
): Promise<void> {
  const client = container.blob(key);
  const once = createOnce<unknown>(beforeSend);
  const transactionalContentMD5 = md5(body);
  const request = { operation: OPERATION, key, bytes: blockIds === undefined ? body.byteLength : 0 };
  const findOwn = async (abortSignal: AbortSignal) =>
    (await findBlob(container, key, abortSignal))?.creation === creation ? true : undefined;
  const send = (abortSignal: AbortSignal): Promise<unknown> =>
    blockIds === undefined
      ? client.upload(body, body.byteLength, { ...blob, transactionalContentMD5, abortSignal })
      : client.commitBlockList([...blockIds], {
          ...blob,
          blobHTTPHeaders: { ...blob.blobHTTPHeaders, blobContentMD5: transactionalContentMD5 },
          abortSignal,
        });
  await container.request(
    request,
    (signal) =>
      once({
        send: () => container.mapped(request, send(signal)).catch(blocksGone),
        findOwn: () => findOwn(signal),
      }),
    call,
  );
}

/** Blocks are gone once somebody, or the first try of ours, has made the blob. */
function blocksGone(error: unknown): never {
  if (!SendenseError.is(error) || error.context.vendorCode !== 'InvalidBlockList') throw error;
  const { operation, context } = error;
  throw new SendenseError('ALREADY_EXISTS', error.message, { operation, context, cause: error });
}

function newBlob(container: Container, creation: string, retainUntil: Date | undefined): NewBlob {
  const { tier } = container.settings;
  return {
    conditions: { ifNoneMatch: '*' },
    metadata: { [CREATION]: creation },
    blobHTTPHeaders: { blobContentType: 'application/octet-stream' },
    ...(tier === undefined ? {} : { tier }),
    ...(retainUntil === undefined
      ? {}
      : {
          immutabilityPolicy: {
            expiriesOn: wholeSecond(retainUntil),
            policyMode: policyMode(container, OPERATION),
          },
        }),
  };
}

function checkCreated(
  subject: string,
  status: ObjectStatus | undefined,
  sizeBytes: number,
  retainUntil: Date | undefined,
): asserts status is ObjectStatus {
  if (status?.sizeBytes !== sizeBytes)
    throw new SendenseError('PROTOCOL_VIOLATION', `${subject}: the store took it and does not have it`, {
      operation: OPERATION,
      effect: 'unknown',
      context: { sizeBytes, foundBytes: status?.sizeBytes ?? null },
    });
  if (retainUntil !== undefined && (status.retainUntil?.getTime() ?? 0) < retainUntil.getTime())
    throw new SendenseError('UNSUPPORTED', `${subject}: the store took it without the policy asked for`, {
      operation: OPERATION,
      effect: 'unknown',
      remedy: 'use a container with version-level immutability',
    });
}

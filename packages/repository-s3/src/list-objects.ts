import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import type { Call } from '@sendense/core';
import type { ListedObject, ListOptions } from '@sendense/object-repository';
import { checkedListing, type NamedObject, namedObject, nextPage } from '@sendense/object-repository/remote';
import type { Bucket } from './bucket.ts';
import { listFirstVersions } from './object-versions.ts';

const OPERATION = 'list-objects';

/** The objects whose keys begin so, of the versions that the store is opened for. */
export function listObjects(
  bucket: Bucket,
  prefix: string,
  { after = '' }: ListOptions = {},
  call?: Call,
): AsyncIterable<ListedObject> {
  const { names, location, settings, services } = bucket;
  const from = names.namePrefixOf(prefix);
  const behind = after === '' ? undefined : names.namePrefixOf(after);
  const objects =
    settings.versions === 'first'
      ? listFirstVersions(bucket, from, behind, call)
      : listCurrent(bucket, from, behind, call);
  return checkedListing(objects, { names, location, log: services.log, after });
}

async function* listCurrent(
  bucket: Bucket,
  namePrefix: string,
  afterName: string | undefined,
  call: Call | undefined,
): AsyncGenerator<NamedObject> {
  let token: string | undefined;
  do {
    const command = new ListObjectsV2Command({
      Bucket: bucket.settings.bucket,
      Prefix: namePrefix,
      MaxKeys: bucket.settings.pageSize,
      ...(afterName === undefined ? {} : { StartAfter: afterName }),
      ...(token === undefined ? {} : { ContinuationToken: token }),
    });
    const page: ListObjectsV2CommandOutput = await bucket.request(
      { operation: OPERATION, key: '' },
      (signal) => bucket.client.send(command, { abortSignal: signal }),
      call,
    );
    for (const { Key, Size, LastModified } of page.Contents ?? [])
      yield namedObject({ name: Key, sizeBytes: Size, modifiedAt: LastModified }, bucket.location);
    token = nextPage(page.IsTruncated === true, page.NextContinuationToken, token, bucket.location);
  } while (token !== undefined);
}

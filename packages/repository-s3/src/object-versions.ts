import {
  type DeleteMarkerEntry,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
} from '@aws-sdk/client-s3';
import type { Call } from '@sendense/core';
import { type NamedObject, namedObject, nextPage } from '@sendense/object-repository/remote';
import type { Bucket } from './bucket.ts';

/** One version of an object, or a mark that hides the ones before it. */
export type ObjectVersion = NamedObject & { readonly versionId: string; readonly isMarker: boolean };

const OPERATION = 'list-versions';

/**
 * All versions of objects whose names begin so, ascending by name. Of each name the versions come newest first, and so do
 * the marks; versions before marks within a page.
 */
async function* listVersions(
  bucket: Bucket,
  namePrefix: string,
  afterName?: string,
  call?: Call,
): AsyncGenerator<ObjectVersion> {
  let KeyMarker = afterName;
  let VersionIdMarker: string | undefined;
  do {
    const command = new ListObjectVersionsCommand({
      Bucket: bucket.settings.bucket,
      Prefix: namePrefix,
      MaxKeys: bucket.settings.pageSize,
      ...(KeyMarker === undefined ? {} : { KeyMarker }),
      ...(VersionIdMarker === undefined ? {} : { VersionIdMarker }),
    });
    const page: ListObjectVersionsCommandOutput = await bucket.request(
      { operation: OPERATION, key: '' },
      (signal) => bucket.client.send(command, { abortSignal: signal }),
      call,
    );
    yield* versionsOf(page, bucket.location);
    const at = KeyMarker === undefined ? undefined : `${KeyMarker} ${VersionIdMarker ?? ''}`;
    const next = page.NextKeyMarker && `${page.NextKeyMarker} ${page.NextVersionIdMarker ?? ''}`;
    const isMore = nextPage(page.IsTruncated === true, next, at, bucket.location) !== undefined;
    KeyMarker = isMore ? page.NextKeyMarker : undefined;
    VersionIdMarker = page.NextVersionIdMarker;
  } while (KeyMarker !== undefined);
}

function versionsOf(
  { Versions = [], DeleteMarkers = [] }: ListObjectVersionsCommandOutput,
  location: string,
): ObjectVersion[] {
  const of = (each: DeleteMarkerEntry, sizeBytes: number | undefined, isMarker: boolean): ObjectVersion => ({
    ...namedObject({ name: each.Key, sizeBytes, modifiedAt: each.LastModified }, location),
    versionId: each.VersionId ?? 'null',
    isMarker,
  });
  return [
    ...Versions.map((version) => of(version, version.Size, false)),
    ...DeleteMarkers.map((marker) => of(marker, 0, true)),
  ];
}

/** Of every object the version that was written first, ascending by name. An object whose first version is gone shows the next one. */
export async function* listFirstVersions(
  bucket: Bucket,
  namePrefix: string,
  afterName?: string,
  call?: Call,
): AsyncGenerator<ObjectVersion> {
  let oldest: ObjectVersion | undefined;
  for await (const version of listVersions(bucket, namePrefix, afterName, call)) {
    if (version.isMarker) continue;
    if (oldest !== undefined && oldest.name !== version.name) yield oldest;
    oldest = version;
  }
  if (oldest !== undefined) yield oldest;
}

/** The version of an object that was written first; `undefined` when there is none. */
export async function findFirstVersion(
  bucket: Bucket,
  key: string,
  call?: Call,
): Promise<string | undefined> {
  const name = bucket.names.nameOf(key);
  for await (const first of listFirstVersions(bucket, name, undefined, call))
    return first.name === name ? first.versionId : undefined;
  return undefined;
}

/**
 * Every version and mark of one object, the ones written first in front. Services tell times by the second: of the same time, a version
 * is in front of the marks that may hide it.
 */
export async function allVersions(
  bucket: Bucket,
  key: string,
  call?: Call,
): Promise<readonly ObjectVersion[]> {
  const name = bucket.names.nameOf(key);
  const found: ObjectVersion[] = [];
  for await (const version of listVersions(bucket, name, undefined, call)) {
    if (version.name === name) found.push(version);
    else if (version.name > name) break;
  }
  return found
    .toReversed()
    .sort(
      (one, other) =>
        one.modifiedAt.getTime() - other.modifiedAt.getTime() ||
        Number(one.isMarker) - Number(other.isMarker),
    );
}

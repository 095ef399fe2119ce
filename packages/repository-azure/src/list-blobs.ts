import type { Call } from '@sendense/core';
import type { ListedObject, ListOptions } from '@sendense/object-repository';
import { checkedListing, type NamedObject, namedObject, nextPage } from '@sendense/object-repository/remote';
import type { Container } from './container.ts';

/** The blobs whose keys begin so. The service cannot begin behind a name: what comes before `after` is left out here. */
export function listBlobs(
  container: Container,
  prefix: string,
  { after = '' }: ListOptions = {},
  call?: Call,
): AsyncIterable<ListedObject> {
  const { names, location, services } = container;
  const behind = after === '' ? '' : names.namePrefixOf(after);
  const blobs = listBehind(container, names.namePrefixOf(prefix), behind, call);
  return checkedListing(blobs, { names, location, log: services.log, after });
}

async function* listBehind(
  container: Container,
  prefix: string,
  behind: string,
  call: Call | undefined,
): AsyncGenerator<NamedObject> {
  const maxPageSize = container.settings.pageSize;
  let continuationToken: string | undefined;
  do {
    const page = await container.request(
      { operation: 'list-objects', key: '' },
      async (abortSignal) => {
        const from = continuationToken === undefined ? {} : { continuationToken };
        const pages = container.client
          .listBlobsFlat({ prefix, abortSignal })
          .byPage({ maxPageSize, ...from });
        const { value, done } = await pages.next();
        return done === true ? undefined : value;
      },
      call,
    );
    for (const { name, properties } of page?.segment.blobItems ?? []) {
      const { contentLength: sizeBytes, lastModified: modifiedAt } = properties;
      if (name > behind) yield namedObject({ name, sizeBytes, modifiedAt }, container.location);
    }
    const next = page?.continuationToken;
    continuationToken = nextPage(
      next !== undefined && next !== '',
      next,
      continuationToken,
      container.location,
    );
  } while (continuationToken !== undefined);
}

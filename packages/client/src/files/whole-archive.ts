import { SendenseError } from '@sendense/core';
import type { ArchiveEnd } from './archive-end.ts';
import { TarEnd } from './tar-end.ts';
import { ZipEnd } from './zip-end.ts';

/**
 * The bytes of an archive, whose length nobody tells: what stands between may end a reply that broke off as if it were whole. Rejects with
 * `CONNECTION_LOST` behind the last of them when they do not end as an archive does.
 */
export async function* wholeArchive(
  pieces: AsyncIterable<Uint8Array>,
  format: 'tar' | 'zip',
): AsyncGenerator<Uint8Array> {
  const end: ArchiveEnd = format === 'tar' ? new TarEnd() : new ZipEnd();
  for await (const piece of pieces) {
    end.push(piece);
    yield piece;
  }
  if (!end.isReached)
    throw new SendenseError('CONNECTION_LOST', `the ${format} archive ended before its end`, {
      operation: 'downloadFile',
      remedy: 'download it again from its beginning: archives are made anew each time',
    });
}

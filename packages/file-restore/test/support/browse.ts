import type { PointReader } from '@sendense/core';
import type { FilePiece } from '../../src/file-system-reader.ts';
import { BrowseSession } from '../../src/session/browse-session.ts';

/** A session over a point, closed after an hour or by the test. */
export function browse(reader: PointReader): Promise<BrowseSession> {
  return BrowseSession.open('test', reader, 3_600_000, () => undefined);
}

/** All names of a folder, in its order. */
export async function namesOf(session: BrowseSession, path: string, limit = 1000): Promise<string[]> {
  const names: string[] = [];
  let from: string | undefined;
  do {
    const page = await session.list(path, { from, limit });
    names.push(...page.entries.map(({ name }) => name));
    from = page.next;
  } while (from !== undefined);
  return names;
}

/** The bytes of a small file, with zeros for its holes. */
export async function contentOf(session: BrowseSession, path: string): Promise<Buffer> {
  const found = await session.find(path);
  const bytes = Buffer.alloc(found.stat.sizeBytes);
  const pieces: AsyncIterable<FilePiece> = session.read(found, { offset: 0, length: bytes.byteLength });
  for await (const piece of pieces) bytes.set(piece.bytes, piece.offset);
  return bytes;
}

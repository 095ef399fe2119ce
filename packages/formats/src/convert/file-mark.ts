import type { FileStatus, FileSystem } from '@sendense/plugin-kit/files';
import { z } from 'zod';
import { statusOf } from '../chain/open-chain.ts';

/** What a file was when it was looked at: another file, or another content, is told by it. */
export const fileMarkSchema = z.strictObject({
  path: z.string(),
  kind: z.enum(['file', 'device']),
  identity: z.string(),
  sizeBytes: z.int().nonnegative(),
  modifiedMs: z.number(),
});

/** See {@link fileMarkSchema}. */
export type FileMark = z.infer<typeof fileMarkSchema>;

/** The mark of the file that is at `at`, for one that has, or will have, the name `path`. Rejects with `NOT_FOUND` when there is none. */
export async function markOf(fileSystem: FileSystem, path: string, at = path): Promise<FileMark> {
  const { kind, identity, sizeBytes, modifiedMs } = await statusOf(at, fileSystem);
  return { path, kind, identity, sizeBytes, modifiedMs };
}

/** Whether what is at the path of a mark, if anything, is still the same. */
export function isMarked(
  { identity, sizeBytes, modifiedMs }: FileMark,
  there: FileStatus | undefined,
): boolean {
  return there?.identity === identity && there.sizeBytes === sizeBytes && there.modifiedMs === modifiedMs;
}

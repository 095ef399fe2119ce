import { type Call, SendenseError } from '@sendense/core';
import type { FileStat, FileSystemReader, NodeId } from '../file-system-reader.ts';

/** Links that one path may lead through, as Linux counts. */
const MOST_LINKS = 40;
const MOST_PARTS = 4096;

/** Whether a link at the end of a path is followed. */
export type ResolveOptions = { readonly followLast: boolean };

/** A step on the way: the name, and what it stands for. */
type Step = { readonly name: string; readonly node: NodeId };

/**
 * Finds what a path stands for. The root of the file system is the highest folder there is: `..` above it stays there, and
 * absolute links begin there, so no link leads outside. Rejects with `NOT_FOUND`, and with `CONFIG_INVALID` for links that go
 * round.
 */
export async function resolvePath(
  reader: FileSystemReader,
  path: string,
  { followLast }: ResolveOptions,
  call?: Call,
): Promise<FileStat> {
  const left = splitPath(path).toReversed();
  const steps: Step[] = [];
  let here = await reader.stat(reader.root, call);
  for (let links = 0; ; ) {
    const name = left.pop();
    if (name === undefined) return here;
    if (name === '..') {
      steps.pop();
      here = await reader.stat(steps.at(-1)?.node ?? reader.root, call);
      continue;
    }
    const found = await step(reader, here, name, path, call);
    if (found.type !== 'symlink' || (left.length === 0 && !followLast)) {
      steps.push({ name, node: found.node });
      here = found;
      continue;
    }
    links += 1;
    const target = await reader.readLink(found.node, call);
    const parts = splitPath(target);
    if (links > MOST_LINKS || left.length + parts.length > MOST_PARTS) throw tooManyLinks(path);
    left.push(...parts.toReversed());
    if (!target.startsWith('/')) continue;
    steps.length = 0;
    here = await reader.stat(reader.root, call);
  }
}

/** Names between the slashes; empty ones and `.` say nothing. */
export function splitPath(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

async function step(
  reader: FileSystemReader,
  folder: FileStat,
  name: string,
  path: string,
  call: Call | undefined,
): Promise<FileStat> {
  const entry = folder.type === 'directory' ? await reader.lookup(folder.node, name, call) : undefined;
  if (entry === undefined) throw missing(path);
  return reader.stat(entry.node, call);
}

/** The error of a path that is not there. */
export function missing(path: string): SendenseError {
  return new SendenseError('NOT_FOUND', `there is no ${JSON.stringify(path)} in this recovery point`, {
    operation: 'find-file',
    remedy: 'list the folder above it',
  });
}

function tooManyLinks(path: string): SendenseError {
  return new SendenseError(
    'CONFIG_INVALID',
    `${JSON.stringify(path)} leads through more than ${MOST_LINKS} links`,
    {
      operation: 'find-file',
      remedy: 'name the file itself',
    },
  );
}

import { createHash } from 'node:crypto';
import { lstat, readFile, readlink } from 'node:fs/promises';
import type { FileStat, FileSystemReader } from '../../src/file-system-reader.ts';
import { decodeName, encodeName } from '../../src/paths/entry-name.ts';
import { walkTree } from '../../src/paths/walk-tree.ts';
import { namesIn } from './sample-tree.ts';

/** What is known of a file, with a digest of its bytes, or where it leads. */
export type Facts = Omit<FileStat, 'type' | 'allocatedBytes' | 'atimeNs' | 'device'> & {
  readonly content: string;
};

/** Files of so many bytes have holes, and are not read whole. */
const LARGE_BYTES = 2 ** 30;

/** What a mounted file system says of everything below `root`. */
export async function factsOnDisk(root: string, below = ''): Promise<Map<string, Facts>> {
  const files = new Map<string, Facts>();
  const place = Buffer.concat([Buffer.from(`${root}/`), encodeName(below)]);
  for (const raw of await namesIn(place)) {
    const path = below === '' ? decodeName(raw) : `${below}/${decodeName(raw)}`;
    const at = Buffer.concat([place, Buffer.from('/'), raw]);
    const status = await lstat(at, { bigint: true });
    files.set(path, {
      mode: Number(status.mode) & 0o7777,
      uid: Number(status.uid),
      gid: Number(status.gid),
      links: Number(status.nlink),
      mtimeNs: status.mtimeNs,
      ctimeNs: status.ctimeNs,
      node: Number(status.ino),
      sizeBytes: status.isDirectory() ? 0 : Number(status.size),
      content: await contentIn(at, status),
    });
    if (status.isDirectory()) for (const [name, file] of await factsOnDisk(root, path)) files.set(name, file);
  }
  return files;
}

async function contentIn(
  at: Buffer,
  status: { readonly size: bigint; isFile: () => boolean; isSymbolicLink: () => boolean },
): Promise<string> {
  if (status.isSymbolicLink()) return decodeName(await readlink(at, { encoding: 'buffer' }));
  return status.isFile() && status.size < LARGE_BYTES ? digest(await readFile(at)) : '';
}

/** The same of what is browsed; a finding fails the test by `fail`. */
export async function factsInside(
  reader: FileSystemReader,
  root: FileStat,
  fail: (why: string) => never,
): Promise<Map<string, Facts>> {
  const files = new Map<string, Facts>();
  for await (const { path, stat } of walkTree(reader, root, ({ message }) => fail(message))) {
    if (path === '') continue;
    const { mode, uid, gid, links, mtimeNs, ctimeNs, node, type } = stat;
    const sizeBytes = type === 'directory' ? 0 : stat.sizeBytes;
    let content = '';
    if (type === 'symlink') content = await reader.readLink(node);
    if (type === 'file' && sizeBytes < LARGE_BYTES) content = await digestOf(reader, stat);
    files.set(path, { mode, uid, gid, links, mtimeNs, ctimeNs, node, sizeBytes, content });
  }
  return files;
}

async function digestOf(reader: FileSystemReader, { node, sizeBytes }: FileStat): Promise<string> {
  const bytes = Buffer.alloc(sizeBytes);
  const pieces = reader.read(node, { offset: 0, length: sizeBytes });
  for await (const piece of pieces) bytes.set(piece.bytes, piece.offset);
  return digest(bytes);
}

/** Paths that only one side has, or whose facts differ in what is `wanted` of them: the first few. */
export function differences(
  wanted: ReadonlyMap<string, Partial<Facts>>,
  found: ReadonlyMap<string, Facts>,
): string[] {
  const lines: string[] = [];
  for (const [path, facts] of wanted) {
    const seen = found.get(path);
    const differing = Object.entries(facts).filter(([key, value]) => seen?.[key as keyof Facts] !== value);
    const told = differing.map(([key, value]) => `${key} ${value}, not ${seen?.[key as keyof Facts]}`);
    if (seen === undefined) lines.push(`${path} is missing`);
    else if (told.length > 0) lines.push(`${path}: ${told.join('; ')}`);
  }
  for (const path of found.keys()) if (!wanted.has(path)) lines.push(`${path} is too much`);
  return lines.slice(0, 10);
}

/** SHA-256. */
export function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

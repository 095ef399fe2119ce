import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowseSession, FoundFile } from '@sendense/file-restore';

/** What is compared of a file: what it is, and a digest of its bytes or where it leads. */
export type Facts = {
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeNs: bigint;
  readonly content: string;
};

/** What the system says of everything below a folder. */
export async function factsOnDisk(root: string, below = ''): Promise<Map<string, Facts>> {
  const files = new Map<string, Facts>();
  for (const name of await readdir(join(root, below))) {
    const path = join(below, name);
    const status = await lstat(join(root, path), { bigint: true });
    const type = status.isDirectory() ? 'directory' : status.isSymbolicLink() ? 'symlink' : 'file';
    files.set(path, {
      type,
      mode: Number(status.mode) & 0o7777,
      uid: Number(status.uid),
      gid: Number(status.gid),
      mtimeNs: status.mtimeNs,
      content: await contentOnDisk(join(root, path), type),
    });
    if (type === 'directory') for (const [at, facts] of await factsOnDisk(root, path)) files.set(at, facts);
  }
  return files;
}

async function contentOnDisk(path: string, type: string): Promise<string> {
  if (type === 'symlink') return readlink(path);
  return type === 'file' ? digest(await readFile(path)) : '';
}

/** The same of what a session browses, by whatever way, page by page. */
export async function factsBrowsed(session: BrowseSession, root: string): Promise<Map<string, Facts>> {
  const files = new Map<string, Facts>();
  const visit = async (below: string): Promise<void> => {
    const folder = await session.find(join(root, below));
    let from: string | undefined;
    do {
      const { entries, next } = await session.list(join(root, below), { from });
      for (const { name, stat } of entries) {
        if (stat === undefined) throw new Error(`${name} is damaged`);
        const path = join(below, name);
        if (files.has(path)) throw new Error(`${path} is listed twice`);
        const { type, mode, uid, gid, mtimeNs } = stat;
        const content = await contentOf(session, { ...folder, stat });
        files.set(path, { type, mode, uid, gid, mtimeNs, content });
        if (type === 'directory') await visit(path);
      }
      from = next;
    } while (from !== undefined);
  };
  await visit('');
  return files;
}

async function contentOf(session: BrowseSession, found: FoundFile): Promise<string> {
  const { type, node, sizeBytes } = found.stat;
  if (type === 'symlink') return found.reader.readLink(node);
  if (type !== 'file') return '';
  const hash = createHash('sha256');
  if (sizeBytes > 0)
    for await (const bytes of session.bytes(found, { offset: 0, length: sizeBytes })) hash.update(bytes);
  return hash.digest('hex');
}

/** SHA-256. */
export function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

import { join } from 'node:path';
import { type FileSystem, readSmallFile } from '@sendense/plugin-kit/files';

/** A descriptor or manifest beyond this is read by nobody: it names no files. */
const MAX_TEXT_BYTES = 16 * 2 ** 20;

/** What a descriptor refers to (DSP0243, `References`). */
const HREF = /href\s*=\s*["']([^"'<>]{1,1024})["']/g;

/** A line of a manifest: `SHA256(NAME)= DIGITS`. */
const DIGEST = /^[A-Z0-9-]{1,16} ?\(([^)\n]{1,1024})\)/gm;

async function namesIn(
  fileSystem: FileSystem,
  path: string,
  pattern: RegExp,
): Promise<readonly (string | undefined)[]> {
  const status = await fileSystem.stat(path);
  if (status?.kind !== 'file' || status.sizeBytes > MAX_TEXT_BYTES) return [];
  const text = Buffer.from(await readSmallFile(fileSystem, path, MAX_TEXT_BYTES)).toString('utf8');
  return [...text.matchAll(pattern)].map(([, name]) => name);
}

/**
 * The files of the package in a folder: its one descriptor, the manifest and certificate of the same name, and what both name.
 * The descriptor comes last: while it is there, what is left is told from what is not. None where there is no descriptor, or several.
 */
export async function packageMembers(fileSystem: FileSystem, path: string): Promise<readonly string[]> {
  const names = await fileSystem.list(path);
  const [descriptor, ...others] = names.filter((name) => /\.ovf$/i.test(name));
  if (descriptor === undefined || others.length > 0) return [];
  const base = descriptor.slice(0, -'.ovf'.length);
  const manifest = `${base}.mf`;
  const named = new Set([
    ...(await namesIn(fileSystem, join(path, descriptor), HREF)),
    ...(await namesIn(fileSystem, join(path, manifest), DIGEST)),
  ]);
  const last = [`${base}.cert`, manifest, descriptor];
  const members = [
    ...names.filter((name) => named.has(name) && !last.includes(name)),
    ...last.filter((name) => names.includes(name)),
  ];
  const files: string[] = [];
  for (const name of members) {
    if ((await fileSystem.stat(join(path, name)))?.kind === 'file') files.push(name);
  }
  return files;
}

/** The names in a folder that belong to no package; see {@link packageMembers}. */
export async function foreignNames(fileSystem: FileSystem, path: string): Promise<readonly string[]> {
  const members = new Set(await packageMembers(fileSystem, path));
  return (await fileSystem.list(path)).filter((name) => !members.has(name));
}

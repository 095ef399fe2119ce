import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PackageSource } from './peer-list.ts';
import { runQuietly } from './run-quietly.ts';

const CACHE = fileURLToPath(new URL('../.cache/peers/', import.meta.url));

/** The folder of the unpacked programs of a peer; it need not exist. */
export function unpackedPrograms(name: string): string {
  return join(unpackedFolder(name), 'usr', 'bin');
}

/** The folder into which the packages of a peer are unpacked; it need not exist. */
export function unpackedFolder(name: string): string {
  return join(CACHE, name);
}

/** Whether a file whose path below the unpacked folder matches `pattern` is there. */
export function hasUnpacked(name: string, pattern: string): boolean {
  return globSync(pattern, { cwd: unpackedFolder(name) }).length > 0;
}

/**
 * Downloads Debian packages and unpacks them into the cache, without root and without touching the machine's
 * own lists and packages: apt gets folders of its own. Libraries they need must be installed. Tells whether it worked.
 */
export function unpackPackages(name: string, from: PackageSource): boolean {
  const target = unpackedFolder(name);
  mkdirSync(dirname(target), { recursive: true });
  const work = mkdtempSync(`${target}-`);
  try {
    const apt = aptOptions(work, from.source);
    if (!runQuietly('apt-get', [...apt, 'update'], { cwd: work })) return false;
    const latest = (from.latest ?? []).flatMap((meta) => dependencies(meta, apt));
    if (!runQuietly('apt-get', [...apt, 'download', ...from.packages, ...latest], { cwd: work }))
      return false;
    const archives = readdirSync(work).filter((file) => file.endsWith('.deb'));
    const root = join(work, 'root');
    if (!archives.every((file) => runQuietly('dpkg-deb', ['-x', file, root], { cwd: work }))) return false;
    rmSync(target, { recursive: true, force: true });
    renameSync(root, target);
    return true;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The packages that a meta package depends on now; none when apt does not know it. */
function dependencies(meta: string, apt: readonly string[]): readonly string[] {
  const args = [...apt, 'depends', '--no-pre-depends', '--no-recommends', '--no-suggests', meta];
  const { stdout } = spawnSync('apt-cache', args, { encoding: 'utf8' });
  return [...stdout.matchAll(/^ *Depends: (\S+)$/gm)].flatMap(([, name]) => name ?? []);
}

function aptOptions(work: string, source: string): string[] {
  mkdirSync(join(work, 'lists', 'partial'), { recursive: true });
  mkdirSync(join(work, 'cache', 'archives', 'partial'), { recursive: true });
  writeFileSync(join(work, 'sources.list'), `${source}\n`);
  writeFileSync(join(work, 'status'), '');
  const settings = [
    `Dir::Etc::SourceList=${join(work, 'sources.list')}`,
    'Dir::Etc::SourceParts=-',
    `Dir::State::Lists=${join(work, 'lists')}`,
    // what is installed may be newer than what the source has, and apt would want that
    `Dir::State::Status=${join(work, 'status')}`,
    `Dir::Cache=${join(work, 'cache')}`,
    // As root apt would download as another user, who may not write here.
    'APT::Sandbox::User=root',
  ];
  return ['-q', ...settings.flatMap((setting) => ['-o', setting])];
}

import { type Call, type Finding, SendenseError } from '@sendense/core';
import type {
  DirectoryEntry,
  FileStat,
  FileSystemReader,
  NodeId,
  OwnerCheck,
} from '../file-system-reader.ts';
import { NameSet } from './name-set.ts';
import { shortPath } from './short-path.ts';

const PAGE = 1000;
/** Entries of the folders under way that are listed at once to be put in order, but for a page of each: some 10 MB. */
const MOST_ORDERED = 16_384;
/** Folders inside of one another. */
const MOST_DEPTH = 2048;
/**
 * Characters of a path, as many as Windows names; Linux names 4096 bytes. A small volume may hold any number of longer ones, all of
 * which would be kept by whoever keeps paths.
 */
const MOST_PATH_LENGTH = 32_767;
/** Names of all folders under way that are kept in mind, but for those listed ahead: some 130 MiB. */
const MOST_NAMES = 12_000_000;

/** Something in a tree: `path` is relative to its begin, with `/` between names, and empty for the begin itself. */
export type TreeEntry = {
  readonly path: string;
  /** The last name of `path`. */
  readonly name: string;
  /** Names in `path`. */
  readonly depth: number;
  readonly stat: FileStat;
};

/** What is told of parts that cannot be read. */
export type OnFinding = (finding: Finding) => void;

const TOO_LONG = `its path has more than ${MOST_PATH_LENGTH} characters`;

/** A folder under way. */
type Level = {
  readonly path: string;
  readonly node: NodeId;
  entries: readonly DirectoryEntry[];
  index: number;
  /** What was listed of it: a name that comes twice could lead whoever unpacks it through a link of that name. */
  readonly names: NameSet;
  /** Those of `entries` whose name was listed before: whoever looks for the name finds that one. */
  doubled: ReadonlySet<DirectoryEntry>;
  /** Names that came of it. */
  given: number;
  next: string | undefined;
  /** The first page was asked for. */
  isListed: boolean;
};

/** How a tree is walked. */
export type WalkOptions = {
  /** Asked whether the space of each folder is its own; that of the reader. */
  readonly own?: OwnerCheck | undefined;
  /** Names of folders under way that are kept in mind at once; 12 million. */
  readonly mostNames?: number;
};

/**
 * A file or folder and all that is in it, each folder before what it holds, and what a folder holds by its numbers: so it mostly lies on
 * the disk, where names may be in an order that jumps about. A folder that is named twice (only damage can do
 * that) is entered once; what cannot be read, lies in more than 2048 folders, has a path of more than 32,767 characters, or comes
 * after 12 million names of the folders under way is told to `onFinding` and left out. Links are not followed.
 */
export async function* walkTree(
  reader: FileSystemReader,
  begin: FileStat,
  onFinding: OnFinding,
  call?: Call,
  { own = reader.trackOwners?.(), mostNames = MOST_NAMES }: WalkOptions = {},
): AsyncGenerator<TreeEntry, void, undefined> {
  yield { path: '', name: '', depth: 0, stat: begin };
  if (begin.type !== 'directory') return;
  await own?.(begin.node, call);
  const entered = new Set<NodeId>([begin.node]);
  const levels: Level[] = [levelOf('', begin.node)];
  let names = 0;
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const entry = await nextEntry(reader, levels, level, onFinding, call);
    const isFull = entry !== undefined && names >= mostNames;
    if (isFull) onFinding(restLeftOut(level.path, mostNames));
    if (entry === undefined || isFull) {
      names -= level.given;
      levels.pop();
      continue;
    }
    const path = level.path === '' ? entry.name : `${level.path}/${entry.name}`;
    if (path.length > MOST_PATH_LENGTH) {
      onFinding(leftOut(shortPath(path), TOO_LONG));
      continue;
    }
    if (level.doubled.has(entry)) {
      onFinding(leftOut(path, 'its folder names it twice'));
      continue;
    }
    names += 1;
    level.given += 1;
    const stat = await attempt(() => reader.stat(entry.node, call), path, onFinding);
    if (stat === undefined) continue;
    if (stat.type === 'directory' && (entered.has(stat.node) || levels.length >= MOST_DEPTH)) {
      onFinding(leftOut(path, 'a folder that lies in itself, or too deep'));
      continue;
    }
    if (stat.type === 'directory' && !(await isOwned(own, stat.node, path, onFinding, call))) continue;
    yield { path, name: entry.name, depth: levels.length, stat };
    if (stat.type !== 'directory') continue;
    entered.add(stat.node);
    levels.push(levelOf(path, stat.node));
  }
}

/** Whether the space of a node is its own; where it is not, that is told. */
export async function isOwned(
  own: OwnerCheck | undefined,
  node: NodeId,
  path: string,
  onFinding: OnFinding,
  call: Call | undefined,
): Promise<boolean> {
  const asked = await attempt(async () => own?.(node, call).then(() => true) ?? true, path, onFinding);
  return asked === true;
}

function levelOf(path: string, node: NodeId): Level {
  const names = { names: new NameSet(), doubled: new Set<DirectoryEntry>(), given: 0 };
  return { path, node, entries: [], index: 0, ...names, next: undefined, isListed: false };
}

async function nextEntry(
  reader: FileSystemReader,
  levels: readonly Level[],
  level: Level,
  onFinding: OnFinding,
  call: Call | undefined,
): Promise<DirectoryEntry | undefined> {
  while (level.index >= level.entries.length) {
    const from = level.next;
    if (level.isListed && from === undefined) return undefined;
    level.isListed = true;
    const held = levels.reduce((sum, { entries }) => sum + entries.length, 0) - level.entries.length;
    const limit = Math.max(PAGE, MOST_ORDERED - held);
    const page = await attempt(() => reader.list(level.node, { from, limit }, call), level.path, onFinding);
    for (const finding of page?.findings ?? []) onFinding({ ...finding, object: level.path });
    const listed = page?.entries ?? [];
    // others are left out, and not to be kept in mind
    const mostLength = MOST_PATH_LENGTH - (level.path === '' ? 0 : level.path.length + 1);
    const doubled = listed.filter(({ name }) => name.length <= mostLength && !level.names.add(name));
    level.doubled = new Set(doubled);
    level.entries = listed.toSorted((one, other) => one.node - other.node);
    level.index = 0;
    level.next = page?.next;
  }
  level.index += 1;
  return level.entries[level.index - 1];
}

/** The result, or `undefined` after telling that something is damaged or not known. Other failures are thrown. */
export async function attempt<T>(
  action: () => Promise<T>,
  path: string,
  onFinding: OnFinding,
): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (!SendenseError.is(error, 'CORRUPT') && !SendenseError.is(error, 'FORMAT_UNSUPPORTED')) throw error;
    onFinding(leftOut(path, error.message));
    return undefined;
  }
}

function leftOut(path: string, why: string): Finding {
  return {
    severity: 'error',
    code: 'file-left-out',
    message: `${JSON.stringify(path)} is left out: ${why}`,
    object: path,
  };
}

function restLeftOut(path: string, mostNames: number): Finding {
  const message = `the rest of ${JSON.stringify(path)} is left out: it and the folders that it lies in have more than ${mostNames} names`;
  return { severity: 'error', code: 'file-left-out', message, object: path };
}

import type { DirectoryEntry, FileStat, FileSystemReader, FileType } from '../../src/file-system-reader.ts';

/** What a name of a {@link MadeFolder} stands for: a folder, a symbolic link, or a file with this text. */
type MadeNode = MadeFolder | { readonly link: string } | string;

/** Names in the order in which they are listed; several may be the same. */
export type MadeFolder = readonly (readonly [name: string, node: MadeNode])[];

type Made = { readonly type: FileType; readonly text: string; readonly entries: readonly DirectoryEntry[] };

/** A file system in memory that holds a tree. */
export function madeTree(tree: MadeFolder): FileSystemReader {
  const nodes: Made[] = [];
  const root = make(tree, nodes);
  const made = (node: number): Made => nodes[node] ?? { type: 'file', text: '', entries: [] };
  return {
    kind: 'made',
    label: '',
    uuid: '',
    root,
    findings: [],
    async stat(node): Promise<FileStat> {
      const { type, text } = made(node);
      const sizeBytes = Buffer.byteLength(text);
      const times = { mtimeNs: 0n, atimeNs: 0n, ctimeNs: 0n };
      return {
        node,
        type,
        mode: 0o755,
        sizeBytes,
        allocatedBytes: sizeBytes,
        uid: 0,
        gid: 0,
        links: 1,
        ...times,
      };
    },
    async list(folder, { from, limit }) {
      const { entries } = made(folder);
      const begin = Number(from ?? 0);
      const end = Math.min(entries.length, begin + limit);
      return {
        entries: entries.slice(begin, end),
        next: end < entries.length ? String(end) : undefined,
        findings: [],
      };
    },
    lookup: async (folder, name) => made(folder).entries.find((entry) => entry.name === name),
    readLink: async (node) => made(node).text,
    async *extents(_node, { offset, length }) {
      yield { offset, length, kind: 'data' as const };
    },
    async *read(node) {
      const bytes = Buffer.from(made(node).text);
      if (bytes.byteLength > 0) yield { offset: 0, bytes };
    },
  };
}

/** Takes a node and all below it into `nodes`; its number. */
function make(node: MadeNode, nodes: Made[]): number {
  const type = typeof node === 'string' ? 'file' : 'link' in node ? 'symlink' : 'directory';
  const text = typeof node === 'string' ? node : 'link' in node ? node.link : '';
  const entries: DirectoryEntry[] = [];
  const number = nodes.push({ type, text, entries }) - 1;
  if (typeof node !== 'string' && !('link' in node))
    for (const [name, below] of node) entries.push({ name, node: make(below, nodes), type: undefined });
  return number;
}

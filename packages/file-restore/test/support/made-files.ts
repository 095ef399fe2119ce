import type { DirectoryEntry, FileStat, FileSystemReader } from '../../src/file-system-reader.ts';

const ROOT = 1;

/** A file system in memory: a folder of `count` files, `file 0` and on, with the bytes that `content` gives for each. */
export function madeFiles(count: number, content: (index: number) => Uint8Array): FileSystemReader {
  const nodeOf = (index: number): number => ROOT + 1 + index;
  const entryOf = (index: number): DirectoryEntry => ({
    name: `file ${index}`,
    node: nodeOf(index),
    type: 'file',
  });
  const sizeOf = (node: number): number => content(node - ROOT - 1).byteLength;
  return {
    kind: 'made',
    label: '',
    uuid: '',
    root: ROOT,
    findings: [],
    async stat(node): Promise<FileStat> {
      const isRoot = node === ROOT;
      const sizeBytes = isRoot ? 0 : sizeOf(node);
      const times = { mtimeNs: 0n, atimeNs: 0n, ctimeNs: 0n };
      const [type, mode] = isRoot ? (['directory', 0o755] as const) : (['file', 0o644] as const);
      return { node, type, mode, sizeBytes, allocatedBytes: sizeBytes, uid: 0, gid: 0, links: 1, ...times };
    },
    async list(_directory, { from, limit }) {
      const begin = Number(from ?? 0);
      const end = Math.min(count, begin + limit);
      const entries = Array.from({ length: end - begin }, (_, index) => entryOf(begin + index));
      return { entries, next: end < count ? String(end) : undefined, findings: [] };
    },
    lookup: async () => undefined,
    readLink: async () => '',
    async *extents(_node, { offset, length }) {
      yield { offset, length, kind: 'data' as const };
    },
    async *read(node) {
      const bytes = content(node - ROOT - 1);
      if (bytes.byteLength > 0) yield { offset: 0, bytes };
    },
  };
}

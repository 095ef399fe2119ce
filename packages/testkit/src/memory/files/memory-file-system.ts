import { basename, dirname, normalize } from 'node:path/posix';
import { type FileHandle, type FileStatus, type FileSystem, mapErrno } from '@sendense/plugin-kit/files';
import { seededRandom } from '../../seeded.ts';
import { MemoryFile } from './memory-file.ts';
import { MemoryFolder, type MemoryNode } from './memory-folder.ts';

/** A file system in memory whose power can fail. */
export interface MemoryFileSystem extends FileSystem {
  /**
   * What is found after the power failed now: file bytes and names that were not synced are kept or lost, each for
   * itself, as `seed` decides; seed 0 loses all of them. The model is as strict as POSIX: a synced file whose name was
   * not synced may be gone. This file system stays as it is.
   */
  afterPowerLoss(seed: number): MemoryFileSystem;
}

/** Makes an empty file system in memory with the folder `/`. */
export function createMemoryFileSystem(): MemoryFileSystem {
  return openTree(new MemoryFolder(), 0);
}

function openTree(root: MemoryFolder, madeBefore: number): MemoryFileSystem {
  let made = madeBefore;
  const { find, folder, existing, set } = pathsOf(root);
  return {
    async open(path, mode) {
      if (mode === 'create') {
        if (find(path) !== undefined) throw errno('EEXIST', 'open-file', path);
        set(path, new MemoryFile(`memory:${++made}`), 'open-file');
      }
      const node = existing(path, 'open-file');
      if (node instanceof MemoryFolder) throw errno('EISDIR', 'open-file', path);
      return openFile(node, path);
    },
    rename: async (from, to) => renameNode(root, from, to),
    async link(from, to) {
      const node = existing(from, 'link-file');
      if (find(to) !== undefined) throw errno('EEXIST', 'link-file', to);
      set(to, node, 'link-file');
    },
    async unlink(path) {
      if (existing(path, 'remove-file') instanceof MemoryFolder) throw errno('EISDIR', 'remove-file', path);
      set(path, undefined, 'remove-file');
    },
    async makeDirectory(path) {
      if (find(path) instanceof MemoryFolder) return;
      if (dirname(path) !== path) await this.makeDirectory(dirname(path));
      // Another call may have made it meanwhile.
      if (find(path) instanceof MemoryFolder) return;
      if (find(path) !== undefined) throw errno('EEXIST', 'make-directory', path);
      set(path, new MemoryFolder(), 'make-directory');
    },
    async removeDirectory(path) {
      if (folder(path, 'remove-directory').names.size > 0) throw errno('ENOTEMPTY', 'remove-directory', path);
      set(path, undefined, 'remove-directory');
    },
    list: async (path) => [...folder(path, 'list-directory').names.keys()].sort(),
    stat: async (path) => statusOf(find(path), path),
    async syncDirectory(path) {
      folder(path, 'sync-directory').sync();
      return true;
    },
    space: async () => ({ totalBytes: Number.MAX_SAFE_INTEGER, availableBytes: Number.MAX_SAFE_INTEGER }),
    realPath: async (path) => {
      existing(path, 'resolve-path');
      return normalize(path);
    },
    afterPowerLoss(seed) {
      const random = seededRandom(seed);
      return openTree(
        survivors(root, () => seed !== 0 && random() < 0.5, new Map()),
        made,
      );
    },
  };
}

/** As POSIX: a folder replaces an empty folder only, and a file replaces no folder. */
function checkReplaceable(node: MemoryNode, there: MemoryNode | undefined, to: string): void {
  if (there === undefined || there === node) return;
  if (node instanceof MemoryFolder && !(there instanceof MemoryFolder))
    throw errno('ENOTDIR', 'rename-file', to);
  if (!(there instanceof MemoryFolder)) return;
  if (!(node instanceof MemoryFolder)) throw errno('EISDIR', 'rename-file', to);
  if (there.names.size > 0) throw errno('ENOTEMPTY', 'rename-file', to);
}

/** What paths mean below `root`, and errors that name them. */
function pathsOf(root: MemoryFolder) {
  const find = (path: string): MemoryNode | undefined => {
    const steps = normalize(path)
      .split('/')
      .filter((step) => step !== '' && step !== '.');
    return steps.reduce<MemoryNode | undefined>(
      (node, step) => (node instanceof MemoryFolder ? node.names.get(step) : undefined),
      root,
    );
  };
  const folder = (path: string, operation: string): MemoryFolder => {
    const node = find(path);
    if (node instanceof MemoryFolder) return node;
    throw errno(node === undefined ? 'ENOENT' : 'ENOTDIR', operation, path);
  };
  const existing = (path: string, operation: string): MemoryNode => {
    const node = find(path);
    if (node === undefined) throw errno('ENOENT', operation, path);
    return node;
  };
  const set = (path: string, node: MemoryNode | undefined, operation: string): void =>
    folder(dirname(path), operation).change([{ name: basename(path), node }]);
  return { find, folder, existing, set };
}

/** One change when both names are in one folder; two, which a power loss can part, when they are not. */
function renameNode(root: MemoryFolder, from: string, to: string): void {
  const { existing, find, folder } = pathsOf(root);
  const node = existing(from, 'rename-file');
  checkReplaceable(node, find(to), to);
  const added = { name: basename(to), node };
  const removed = { name: basename(from), node: undefined };
  const [source, target] = [folder(dirname(from), 'rename-file'), folder(dirname(to), 'rename-file')];
  if (source === target) source.change([removed, added]);
  else {
    target.change([added]);
    source.change([removed]);
  }
}

/** The tree after a power loss. A file with two names stays one file. */
function survivors(
  folder: MemoryFolder,
  keep: () => boolean,
  files: Map<MemoryFile, MemoryFile>,
): MemoryFolder {
  const after = new MemoryFolder();
  for (const [name, node] of folder.namesAfterPowerLoss(keep)) {
    if (node instanceof MemoryFolder) after.change([{ name, node: survivors(node, keep, files) }]);
    else {
      const file = files.get(node) ?? node.afterPowerLoss(keep);
      files.set(node, file);
      after.change([{ name, node: file }]);
    }
  }
  after.sync();
  return after;
}

function openFile(file: MemoryFile, path: string): FileHandle {
  let closed = false;
  const open = (operation: string): MemoryFile => {
    if (closed) throw errno('EBADF', operation, path);
    return file;
  };
  return {
    async read(into, position) {
      const { content } = open('read-file');
      const length = Math.max(0, Math.min(into.byteLength, content.sizeBytes - position));
      content.read(position, into.subarray(0, length));
      return length;
    },
    write: async (data, position) => open('write-file').write(position, data),
    truncate: async (sizeBytes) => open('resize-file').truncate(sizeBytes),
    sync: async () => open('sync-file').sync(),
    size: async () => open('stat-file').content.sizeBytes,
    async [Symbol.asyncDispose]() {
      closed = true;
    },
  };
}

function statusOf(node: MemoryNode | undefined, path: string): FileStatus | undefined {
  if (node === undefined) return undefined;
  if (node instanceof MemoryFolder) {
    const identity = `folder:${normalize(path)}`;
    return { kind: 'directory', sizeBytes: 0, allocatedBytes: 0, modifiedMs: 0, mode: 0o700, identity };
  }
  const allocatedBytes = [...node.content.extents()]
    .filter(({ kind }) => kind === 'data')
    .reduce((sum, { length }) => sum + length, 0);
  const { sizeBytes } = node.content;
  return { kind: 'file', sizeBytes, allocatedBytes, modifiedMs: 0, mode: 0o600, identity: node.identity };
}

function errno(code: string, operation: string, path: string): Error {
  return mapErrno(Object.assign(new Error(code), { code }), operation, path);
}

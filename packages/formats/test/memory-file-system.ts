import { SendenseError } from '@sendense/core';
import type { FileHandle, FileStatus, FileSystem } from '@sendense/plugin-kit/files';

/** What was done to a file, in order. */
export type FileOperation =
  | { readonly kind: 'write'; readonly position: number; readonly data: Uint8Array }
  | { readonly kind: 'truncate'; readonly sizeBytes: number }
  | { readonly kind: 'sync' };

/** Files in memory that record which paths were opened and everything that was written. */
export class MemoryFileSystem implements FileSystem {
  readonly files = new Map<string, Uint8Array>();
  readonly opened: string[] = [];
  readonly operations: FileOperation[] = [];
  /** Bytes of the largest buffer that was to be filled by one read. */
  largestReadBytes = 0;

  async open(path: string, mode: 'read' | 'read-write' | 'create'): Promise<FileHandle> {
    this.opened.push(path);
    if (mode === 'create') this.files.set(path, new Uint8Array());
    this.#bytes(path);
    return {
      read: async (into, position) => {
        // As Node does: positions that are no safe integers are refused.
        if (!Number.isSafeInteger(position)) throw new RangeError(`position ${position}`);
        this.largestReadBytes = Math.max(this.largestReadBytes, into.byteLength);
        const part = this.#bytes(path).subarray(position, position + into.byteLength);
        into.set(part);
        return part.byteLength;
      },
      write: async (data, position) => this.#apply(path, { kind: 'write', position, data: data.slice() }),
      truncate: async (sizeBytes) => this.#apply(path, { kind: 'truncate', sizeBytes }),
      sync: async () => this.#apply(path, { kind: 'sync' }),
      size: async () => this.#bytes(path).byteLength,
      [Symbol.asyncDispose]: async () => {},
    };
  }

  async stat(path: string): Promise<FileStatus | undefined> {
    const sizeBytes = this.files.get(path)?.byteLength;
    if (sizeBytes === undefined) return undefined;
    return { kind: 'file', sizeBytes, allocatedBytes: sizeBytes, modifiedMs: 0, identity: path };
  }

  async realPath(path: string): Promise<string> {
    const known = [...this.files.keys()].some((name) => name === path || name.startsWith(`${path}/`));
    if (!known) throw missing(path);
    return path;
  }

  rename = refuse;
  link = refuse;
  unlink = refuse;
  makeDirectory = refuse;
  removeDirectory = refuse;
  list = refuse;
  syncDirectory = refuse;
  space = refuse;

  #bytes(path: string): Uint8Array {
    const bytes = this.files.get(path);
    if (bytes === undefined) throw missing(path);
    return bytes;
  }

  #apply(path: string, operation: FileOperation): void {
    this.operations.push(operation);
    this.files.set(path, applyOperation(this.#bytes(path), operation));
  }
}

/** The content of a file after one more operation. */
export function applyOperation(bytes: Uint8Array, operation: FileOperation): Uint8Array {
  if (operation.kind === 'sync') return bytes;
  const end =
    operation.kind === 'write' ? operation.position + operation.data.byteLength : operation.sizeBytes;
  const size = operation.kind === 'write' ? Math.max(end, bytes.byteLength) : end;
  const next = new Uint8Array(size);
  next.set(bytes.subarray(0, size));
  if (operation.kind === 'write') next.set(operation.data, operation.position);
  return next;
}

async function refuse(): Promise<never> {
  throw new SendenseError('UNEXPECTED', 'the test file system does not do this', { operation: 'test' });
}

function missing(path: string): SendenseError {
  return new SendenseError('NOT_FOUND', `${path} does not exist`, { operation: 'open-file' });
}

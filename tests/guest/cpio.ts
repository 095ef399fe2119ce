import { Buffer } from 'node:buffer';

/** A file or, without data, a folder of an archive. */
export type ArchiveEntry = {
  readonly path: string;
  readonly data?: Uint8Array;
};

const FOLDER_MODE = 0o40755;
const PROGRAM_MODE = 0o100755;
const ALIGNMENT = 4;

function aligned(bytes: Uint8Array): Uint8Array[] {
  return [bytes, Buffer.alloc(-bytes.byteLength & (ALIGNMENT - 1))];
}

function serializeEntry(path: string, mode: number, data: Uint8Array, inode: number): Uint8Array[] {
  const name = Buffer.from(`${path}\0`);
  const fields = [inode, mode, 0, 0, 1, 0, data.byteLength, 0, 0, 0, 0, name.byteLength, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
  return [...aligned(Buffer.concat([Buffer.from(header), name])), ...aligned(data)];
}

/** An archive in the format "newc" of cpio, as the Linux kernel reads it (Documentation/driver-api/early-userspace/buffer-format.rst). */
export function serializeCpio(entries: readonly ArchiveEntry[]): Buffer {
  const parts = entries.flatMap(({ path, data }, index) =>
    serializeEntry(path, data === undefined ? FOLDER_MODE : PROGRAM_MODE, data ?? Buffer.alloc(0), index + 1),
  );
  return Buffer.concat([...parts, ...serializeEntry('TRAILER!!!', 0, Buffer.alloc(0), 0)]);
}

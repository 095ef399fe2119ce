import { createHash } from 'node:crypto';
import { open, writeFile } from 'node:fs/promises';

/** Bytes that do not repeat, the same for the same seed. */
export function noise(length: number, seed: string): Buffer {
  const parts: Buffer[] = [];
  for (let index = 0; parts.length * 64 < length; index++) {
    parts.push(createHash('sha512').update(`${seed} ${index}`).digest());
  }
  return Buffer.concat(parts).subarray(0, length);
}

/** Makes a raw disk of `sizeBytes` whose first quarter is noise and whose rest is zeros. */
export async function makeDisk(path: string, sizeBytes: number, seed = 'disk'): Promise<void> {
  const content = Buffer.alloc(sizeBytes);
  noise(sizeBytes / 4, seed).copy(content);
  await writeFile(path, content);
}

/** Overwrites `length` bytes at `offset` with noise. */
export async function changeDisk(path: string, offset: number, length: number, seed: string): Promise<void> {
  await using file = await open(path, 'r+');
  await file.write(noise(length, seed), 0, length, offset);
}

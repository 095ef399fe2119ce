import { writeFile } from 'node:fs/promises';
import type { Finding } from '@sendense/core';
import { extractToFile } from '../../src/extract/extract-to-file.ts';
import { browse } from './browse.ts';
import { run } from './program.ts';
import { openRawPoint } from './raw-point.ts';

/** Writes a copy of a disk with one bit of the byte `at` turned. */
export async function writeFlipped(path: string, bytes: Uint8Array, at: number): Promise<void> {
  const changed = Buffer.from(bytes);
  changed.writeUInt8(changed.readUInt8(at) ^ 0x20, at);
  await writeFile(path, changed);
}

/** All that is told of an image while all of it is archived, and the names in the archive, which is left at `<image>.tar`. */
export async function archiveAll(
  image: string,
): Promise<{ readonly findings: readonly Finding[]; readonly names: readonly string[] }> {
  await using session = await browse(await openRawPoint(image));
  const output = `${image}.tar`;
  const { findings } = await extractToFile({ session, path: '/', output, overwrite: true });
  const names = run('tar', ['--list', '--file', output]).trim().split('\n');
  return { findings: [...session.findings, ...findings], names };
}

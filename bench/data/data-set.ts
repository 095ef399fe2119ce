import { createCipheriv } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import path from 'node:path';
import { seededInteger, seededRandom } from '@sendense/testkit';

const MIB = 2 ** 20;

/** What disks are filled with: `rnd` random bytes; `mix` half random, a quarter text, a quarter holes, by the MiB. */
export type DataKind = 'rnd' | 'mix';

/** The kinds, in the order they are measured. */
export const DATA_KINDS: readonly DataKind[] = ['rnd', 'mix'];

const TURNS = { rnd: ['random'], mix: ['random', 'text', 'random', 'hole'] } as const;

/** Bytes of a disk of `sizeBytes` that are no holes. */
export function dataBytes(kind: DataKind, sizeBytes: number): number {
  return kind === 'rnd' ? sizeBytes : (sizeBytes / 4) * 3;
}

/**
 * The raw disk of that kind and size in `folder`, made on first use, always with the same bytes. `sizeBytes` is a
 * multiple of 4 MiB.
 */
export async function dataSet(folder: string, kind: DataKind, sizeBytes: number, seed = 1): Promise<string> {
  const file = path.join(folder, `${kind}-${sizeBytes}-${seed}.raw`);
  if (existsSync(file)) return file;
  await mkdir(folder, { recursive: true });
  await using handle = await open(`${file}.part`, 'w');
  await handle.truncate(sizeBytes);
  const random = randomStream(seed);
  const text = textStream(seed);
  const turns = TURNS[kind];
  for (let offset = 0; offset < sizeBytes; offset += MIB) {
    const turn = turns[(offset / MIB) % turns.length];
    if (turn === 'hole') continue;
    await handle.write(turn === 'text' ? text() : random(), 0, MIB, offset);
  }
  await handle.sync();
  await rename(`${file}.part`, file);
  return file;
}

/** Bytes without pattern, MiB by MiB, as fast as a cipher makes them. */
function randomStream(seed: number): () => Buffer {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16));
  const zeros = Buffer.alloc(MIB);
  return () => cipher.update(zeros);
}

/** Text that compresses as logs do, and of which no two pieces are equal: lines of a small set in random order. */
function textStream(seed: number): () => Buffer {
  const random = seededRandom(seed);
  const word = () =>
    Array.from({ length: 2 + seededInteger(random, 8) }, () =>
      String.fromCharCode(97 + seededInteger(random, 26)),
    ).join('');
  const words = Array.from({ length: 512 }, word);
  const line = () =>
    `${Array.from({ length: 12 }, () => words[seededInteger(random, words.length)]).join(' ')}.\n`;
  const lines = Array.from({ length: 1024 }, line);
  return () => {
    let text = '';
    while (text.length < MIB) text += lines[seededInteger(random, lines.length)];
    return Buffer.from(text.slice(0, MIB));
  };
}

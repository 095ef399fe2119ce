import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openVmdk } from './open-vmdk.ts';
import { createStreamVmdk } from './stream-sink-writer.ts';

const GRAIN = 65_536;
const SIZE = 40 * GRAIN + 512;

/** The bytes of the disk that the pieces of a stream make. */
async function diskOf(pieces: readonly Uint8Array[]): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'sendense-stream-'));
  try {
    const path = join(folder, 'disk.vmdk');
    await writeFile(path, Buffer.concat(pieces));
    await using image = await openVmdk(path);
    const bytes = new Uint8Array(image.sizeBytes);
    await image.read(0, bytes);
    return bytes;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function open() {
  const pieces: Uint8Array[] = [];
  const writer = await createStreamVmdk({
    sizeBytes: SIZE,
    sink: async (bytes) => void pieces.push(bytes.slice()),
  });
  return { pieces, writer };
}

describe('a disk that is written into a stream', () => {
  it('is a streamOptimized image of what was written, and of zeros', async () => {
    const { pieces, writer } = await open();
    const wanted = new Uint8Array(SIZE).map((_zero, index) => (index < 3 * GRAIN ? index % 251 : 0));
    wanted.fill(9, 40 * GRAIN);
    await writer.write(0, wanted.subarray(0, 3 * GRAIN));
    await writer.zero(3 * GRAIN, 37 * GRAIN);
    await writer.write(40 * GRAIN, wanted.subarray(40 * GRAIN));
    await writer.flush();
    await writer.flush();
    expect(Buffer.compare(await diskOf(pieces), wanted)).toBe(0);
  });

  it('is whole without a byte being written', async () => {
    const { pieces, writer } = await open();
    await writer.flush();
    expect(await diskOf(pieces)).toEqual(new Uint8Array(SIZE));
  });

  it('takes nothing after its end, and nothing after its sink failed', async () => {
    const { writer } = await open();
    await writer.flush();
    await expect(writer.write(0, new Uint8Array(GRAIN))).rejects.toMatchObject({ code: 'RANGE_INVALID' });
    const failing = await createStreamVmdk({
      sizeBytes: SIZE,
      sink: () => Promise.reject(new Error('cut')),
    });
    await failing.write(0, new Uint8Array(GRAIN).fill(1));
    await expect(failing.flush()).rejects.toThrow('cut');
    await expect(failing.flush()).rejects.toMatchObject({ code: 'NOT_OPEN' });
  });
});

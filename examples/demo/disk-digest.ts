import { createHash } from 'node:crypto';
import { openDiskImage } from '@sendense/formats';

const PIECE_BYTES = 1024 * 1024;

/** SHA-256 of the content of a disk image, read through our reader of its format. */
export async function diskDigest(path: string, format: 'raw' | 'qcow2'): Promise<string> {
  await using image = await openDiskImage(path, { format });
  const hash = createHash('sha256');
  const piece = Buffer.alloc(PIECE_BYTES);
  for (let offset = 0; offset < image.sizeBytes; offset += PIECE_BYTES) {
    const part = piece.subarray(0, Math.min(PIECE_BYTES, image.sizeBytes - offset));
    await image.read(offset, part);
    hash.update(part);
  }
  return hash.digest('hex');
}

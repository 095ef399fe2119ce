import { execa } from 'execa';

/** 64 KiB: a cluster of the images, and a bit of their bitmaps. */
export const CLUSTER_BYTES = 65_536;

/** A write of the guest: `length` bytes of one byte value. */
export type GuestWrite = { readonly offset: number; readonly length: number; readonly value: number };

/** Makes an empty QCOW2 image with qemu-img. */
export async function createImage(path: string, sizeBytes: number): Promise<void> {
  await execa('qemu-img', ['create', '-q', '-f', 'qcow2', path, String(sizeBytes)]);
}

/** Writes as a guest would: QEMU marks the writes in every bitmap of the image. */
export async function guestWrites(image: string, writes: readonly GuestWrite[]): Promise<void> {
  const commands = writes.map(({ offset, length, value }) =>
    value === 0 ? `write -q -z ${offset} ${length}` : `write -q -P ${value} ${offset} ${length}`,
  );
  await execa('qemu-io', ['-f', 'qcow2', image], { input: `${commands.join('\n')}\n` });
}

/** The disk of an image as a raw file, made by qemu-img. */
export async function toRaw(image: string, raw: string): Promise<void> {
  await execa('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', image, raw]);
}

/** Whether qemu-img finds the same bytes in both; its sentence is the answer, so that a failure shows it. */
export async function compareImages(
  left: { readonly path: string; readonly format: 'raw' | 'qcow2' },
  right: { readonly path: string; readonly format: 'raw' | 'qcow2' },
): Promise<string> {
  const args = ['compare', '-f', left.format, '-F', right.format, left.path, right.path];
  const { stdout, stderr, exitCode } = await execa('qemu-img', args, { reject: false });
  return exitCode === 0 ? 'Images are identical.' : `${exitCode}: ${stdout}${stderr}`;
}

/** Bytes that the clusters touched by `writes` have together. */
export function touchedBytes(writes: readonly GuestWrite[]): number {
  const clusters = new Set<number>();
  for (const { offset, length } of writes) {
    for (let at = Math.floor(offset / CLUSTER_BYTES); at * CLUSTER_BYTES < offset + length; at++)
      clusters.add(at);
  }
  return clusters.size * CLUSTER_BYTES;
}

import { seededBytes } from '@sendense/testkit';

/**
 * A boot sector of our own for PC firmware, 16-bit code at 0x7c00. It reads sector 2 of its disk, adds 1 to the first byte there,
 * writes the sector back, writes `boot N of the point` to the first serial port, N being that byte, and ends QEMU by the port of its
 * device isa-debug-exit. When the disk answers with an error it stops without a word.
 */
const CODE = [
  '31c0 8ed8 8ec0 8ed0 bc007c', // all segments 0, stack below the code
  'b80102 e82700', //              read sector 2 to 0x7e00
  'fe06007e', //                   add 1 to its first byte
  'b80103 e81d00', //              write it
  'a0007e 0430 a24c7c', //         the byte as a digit into the text
  'be477c ac 84c0 7406', //        each byte of the text up to 0 …
  'baf803 ee ebf5', //             … to the port 0x3f8
  'baf400 ee f4 ebfd', //          to the port 0xf4, which ends QEMU; else stop
  'b600 b90200 bb007e 52 cd13 5a 72ef c3', // the disk by the firmware, head 0, cylinder 0, sector 2
].join('');
const TEXT = 'boot ? of the point\n\0';
const SECTOR_BYTES = 512;

/** A disk that begins with {@link CODE}; its second sector is zeros and the rest noise. */
export function bootDisk(sizeBytes: number): Uint8Array {
  const disk = Buffer.from(seededBytes(4, sizeBytes));
  disk.fill(0, 0, 2 * SECTOR_BYTES);
  const code = Buffer.from(CODE.replaceAll(/[^0-9a-f]/g, ''), 'hex');
  code.copy(disk);
  disk.write(TEXT, code.byteLength, 'latin1');
  disk.writeUInt16BE(0x55aa, SECTOR_BYTES - 2);
  return disk;
}

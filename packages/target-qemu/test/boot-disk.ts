import { Buffer } from 'node:buffer';
import { seededBytes } from '@sendense/testkit';

const MIB = 1024 * 1024;

/** Size of the disks. */
export const DISK_BYTES = 24 * MIB;

/** Where each disk holds its marker: far behind the boot sector, so that what is told was read from the restored disk. */
const MARKER_OFFSET = 20 * MIB;

/**
 * A boot sector that reads the sector at 20 MiB of the first and the second disk by the BIOS (INT 13h, AH=42h) and sends
 * the text in it to the first serial port, again and again.
 */
const BOOT_CODE = [
  '31c0 8ed8 8ec0 8ed0 bc007c', //       xor ax,ax; ds = es = ss = ax; mov sp,7c00h
  'b280 e80700', //               again: mov dl,80h; call show
  'b281 e80200 ebf4', //                 mov dl,81h; call show; jmp again
  'be3b7c b442 cd13 721a', //      show: mov si,packet; mov ah,42h; int 13h; jc back
  'be007e', //                           mov si,7e00h
  'ac 84c0 7412 88c4', //          next: lodsb; test al,al; jz back; mov ah,al
  'bafd03 ec a820 74fb', //        wait: mov dx,3fdh; in al,dx; test al,20h; jz wait
  'baf803 88e0 ee ebe9', //              mov dx,3f8h; mov al,ah; out dx,al; jmp next
  'c3', //                         back: ret
  '1000 0100 007e 0000 00a0000000000000', // packet: one sector to 0:7e00h, from sector 40960
].join('');

/** The text that disk `number` holds. */
export const markerOf = (number: number): string => `<disk ${number} of the point>`;

const made = new Map<number, Uint8Array>();

/** The content of disk `number`; the first one boots. Not to be changed. */
export function bootDisk(number: number): Uint8Array {
  const known = made.get(number) ?? makeDisk(number);
  made.set(number, known);
  return known;
}

function makeDisk(number: number): Uint8Array {
  const disk = new Uint8Array(DISK_BYTES);
  if (number === 0) {
    disk.set(Buffer.from(BOOT_CODE.replaceAll(' ', ''), 'hex'), 0);
    disk.set([0x55, 0xaa], 510);
  }
  disk.set(seededBytes(number + 1, 2 * MIB), MIB);
  disk.set(Buffer.from(markerOf(number)), MARKER_OFFSET);
  return disk;
}

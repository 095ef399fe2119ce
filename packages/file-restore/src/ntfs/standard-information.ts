import { damaged } from '../bytes/damage.ts';
import type { Fields } from '../bytes/fields.ts';

// Layout: "NTFS Documentation" of the Linux-NTFS project, $STANDARD_INFORMATION.
const LEAST_BYTES = 36;
/** 1601-01-01 to 1970-01-01, in ticks of 100 ns. */
const TICKS_TO_1970 = 116_444_736_000_000_000n;
const TICK_NS = 100n;

/** Attributes of a file as Windows shows them (`FILE_ATTRIBUTE_…`, [MS-FSCC] 2.6). */
export const FILE_ATTRIBUTE = {
  readOnly: 0x1,
  system: 0x4,
  reparsePoint: 0x400,
  offline: 0x1000,
  /** The two that say that reading fetches the file from elsewhere. */
  recall: 0x44_0000,
  /** In names of folders only. */
  folder: 0x1000_0000,
} as const;

/** Times of a file, in nanoseconds since 1970, and its attributes. */
export type StandardInformation = {
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly atimeNs: bigint;
  readonly attributes: number;
};

/** Reads what each file tells of itself. Throws `CORRUPT`. */
export function parseStandardInformation(fields: Fields): StandardInformation {
  if (fields.bytes.byteLength < LEAST_BYTES) throw damaged('the times of a file are cut off');
  const timeAt = (at: number): bigint => (fields.bits64(at) - TICKS_TO_1970) * TICK_NS;
  return { mtimeNs: timeAt(8), ctimeNs: timeAt(16), atimeNs: timeAt(24), attributes: fields.u32(32) };
}

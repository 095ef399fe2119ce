import { damaged } from '../bytes/damage.ts';
import { Fields } from '../bytes/fields.ts';
import { type Attribute, parseAttributes } from './attribute.ts';
import { type FileReference, readReference } from './file-reference.ts';
import { undoUpdateSequence } from './update-sequence.ts';

// Layout: "NTFS Documentation" of the Linux-NTFS project, File Record.
const MAGIC = 'FILE';
const FLAG = { inUse: 1, folder: 2 };
const HEADER_BYTES = 42;
/** Since Windows XP a record tells its number; the update sequence then lies behind it. */
const NUMBER_AT = 0x2c;
const NUMBERED_SEQUENCE_AT = 0x30;

/** A record of the master file table: a file or folder, or more attributes of one. */
export type MftRecord = FileReference & {
  /** The file that it has more attributes of; `undefined`: it is a file itself. */
  readonly base: FileReference | undefined;
  readonly isFolder: boolean;
  readonly attributes: readonly Attribute[];
};

/** Reads record `record`. Throws `CORRUPT` for one that is torn, not in use, or contradicts itself. */
export function parseMftRecord(record: number, bytes: Uint8Array): MftRecord {
  const wrong = (how: string) => damaged(`MFT record ${record} ${how}`, { record });
  if (new Fields(bytes).text(0, 4) !== MAGIC) throw wrong('is none');
  const whole = undoUpdateSequence(bytes);
  if (whole === undefined) throw wrong('was written in part only');
  const fields = new Fields(whole);
  const flags = fields.u16(22);
  if ((flags & FLAG.inUse) === 0) throw wrong('is not in use');
  const [from, end] = [fields.u16(20), fields.u32(24)];
  const isNumbered = fields.u16(4) >= NUMBERED_SEQUENCE_AT;
  if (
    from < HEADER_BYTES ||
    end > whole.byteLength ||
    (isNumbered && fields.u32(NUMBER_AT) !== record % 2 ** 32)
  )
    throw wrong('contradicts itself');
  const isFile = fields.u32(32) === 0 && fields.u32(36) === 0;
  const base = isFile ? undefined : readReference(fields, 32);
  if (!isFile && base === undefined) throw wrong('belongs to no possible file');
  return {
    record,
    sequence: fields.u16(16),
    base,
    isFolder: (flags & FLAG.folder) !== 0,
    attributes: parseAttributes(fields, from, end),
  };
}

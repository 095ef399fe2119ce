import { damaged } from '../bytes/damage.ts';
import type { Fields } from '../bytes/fields.ts';
import { type FileReference, readReference } from './file-reference.ts';
import { wideText } from './wide-text.ts';

// Layout: "NTFS Documentation" of the Linux-NTFS project, $FILE_NAME.
const NAME_AT = 66;
const MOST_SPACE = 3;
/** The short name that a file has for programs of DOS beside its long one. */
const SPACE_DOS = 2;

/** A name of a file. */
export type FileName = {
  readonly name: string;
  /** The folder that has the name; `undefined` for one that cannot be. */
  readonly parent: FileReference | undefined;
  readonly attributes: number;
  /** It is a second name of the same place in the folder: it is not listed. */
  readonly isShort: boolean;
};

/** Reads a name, which is an attribute of the file and the key of its entry in the folder. Throws `CORRUPT`. */
export function parseFileName(fields: Fields): FileName {
  const { byteLength } = fields.bytes;
  const length = byteLength < NAME_AT ? 0 : fields.u8(64) * 2;
  if (length === 0 || NAME_AT + length > byteLength || fields.u8(65) > MOST_SPACE)
    throw damaged('a name of a file is cut off');
  return {
    name: wideText(fields.slice(NAME_AT, length)),
    parent: readReference(fields, 0),
    attributes: fields.u32(56),
    isShort: fields.u8(65) === SPACE_DOS,
  };
}

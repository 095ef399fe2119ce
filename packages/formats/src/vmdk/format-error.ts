import { formatErrors } from '../format-errors.ts';

/** What the bytes of a VMDK image can be blamed for. */
export const { invalid, unsupported, corrupt } = formatErrors('VMDK', 'take another copy of the image');

import { formatErrors } from '../format-errors.ts';

/** What the bytes of a VHD can be blamed for. */
export const { invalid, unsupported, corrupt } = formatErrors('VHD', 'take another copy of the image');

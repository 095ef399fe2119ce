import { formatErrors } from '../format-errors.ts';

/** What the bytes of a QCOW2 image can be blamed for. */
export const { invalid, unsupported, corrupt } = formatErrors(
  'QCOW2',
  'take another copy of the image, or repair this one with "qemu-img check -r all" on a copy',
);

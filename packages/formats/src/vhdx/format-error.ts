import { formatErrors } from '../format-errors.ts';

/** What the bytes of a VHDX can be blamed for. */
export const { invalid, unsupported, corrupt } = formatErrors(
  'VHDX',
  'take another copy of the image, or let Hyper-V repair it (attach it once on a Windows host)',
);

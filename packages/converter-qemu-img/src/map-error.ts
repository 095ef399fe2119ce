import { SendenseError } from '@sendense/core';
import { type ErrorTable, mapByTable } from '@sendense/plugin-kit';

/** What the last lines of `qemu-img` mean, by a part of them. */
const SAYINGS: readonly (readonly [pattern: RegExp, word: string])[] = [
  [/No space left on device/, 'no-space'],
  [/Permission denied/, 'denied'],
  [/Failed to get .* lock/, 'locked'],
  [/is not in .* format|not in VHDX file format|invalid VMDK|not a VMDK|Image not in/i, 'invalid'],
  [/too large|exceeds|Maximum/i, 'too-large'],
];

const TABLE: ErrorTable = {
  'no-space': ['NO_SPACE', 'does not fit on its storage', 'free some space'],
  denied: ['PERMISSION_DENIED', 'cannot be opened by qemu-img', 'check the owner and the mode of the file'],
  locked: ['LOCKED', 'is open in a running program', 'stop the machine that uses it'],
  invalid: ['FORMAT_INVALID', 'is no valid image of its format', 'give the right format, or another copy'],
  'too-large': ['FORMAT_UNSUPPORTED', 'is too large for the format', 'choose qcow2 or raw'],
  ENOENT: [
    'UNSUPPORTED',
    'cannot be read: qemu-img is not installed',
    'install qemu-img (Debian: qemu-utils)',
  ],
};

/** The error of a run of `qemu-img`: `code` of the system, or what it printed. */
export function mapQemuImgError(
  error: unknown,
  run: { readonly operation: string; readonly path: string; readonly code?: string; readonly stderr: string },
): SendenseError {
  const { operation, path, code, stderr } = run;
  const [, said] = SAYINGS.find(([pattern]) => pattern.test(stderr)) ?? [];
  const known = code !== undefined && code in TABLE ? code : said;
  if (known !== undefined)
    return mapByTable(error, TABLE, { operation, subject: path, vendorCode: known, context: { path } });
  const [line = 'qemu-img gave no reason'] = stderr.trim().split('\n').slice(-1);
  return new SendenseError('UNEXPECTED', `${path}: ${line.slice(0, 500)}`, {
    operation,
    cause: error,
    context: { path },
  });
}

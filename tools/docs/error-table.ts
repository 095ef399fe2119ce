import { defaultRetry, ERROR_CODES, type ErrorCode, FULL_REASONS } from '@sendense/core';
import { table } from './generated-blocks.ts';

/** Every error code with its sentence and retry advice. */
export function errorTable(): string {
  const rows = Object.entries(ERROR_CODES).map(([code, text]) => [
    `\`${code}\``,
    text,
    defaultRetry(code as ErrorCode),
  ]);
  return table(['code', 'meaning', 'retry'], rows);
}

/** Every reason for a full with its sentence. */
export function fullReasonTable(): string {
  return table(
    ['reason', 'meaning'],
    Object.entries(FULL_REASONS).map(([reason, text]) => [`\`${reason}\``, text]),
  );
}

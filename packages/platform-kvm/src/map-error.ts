import { type ErrorCode, type Json, SendenseError } from '@sendense/core';
import type { QmpFailure } from './qmp/parse-message.ts';

type Rule = {
  /** Tested on the class and the description, `Class: description`. */
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly remedy?: string;
};

/**
 * What QEMU says and what it means. QEMU has only five classes, so nearly everything is told by the description; the
 * texts are those of QEMU 5.2 to 10.
 */
const RULES: readonly Rule[] = [
  { pattern: /^CommandNotFound:/, code: 'UNSUPPORTED', remedy: 'use a newer QEMU (5.2 or later)' },
  { pattern: /^DeviceNotFound:/, code: 'NOT_FOUND' },
  { pattern: /^DeviceNotActive:/, code: 'NOT_OPEN' },
  {
    pattern: /migration is in progress|disallowed (?:in|with) migration|during migration/i,
    code: 'LOCKED',
    remedy: 'repeat when the migration of the machine has ended',
  },
  { pattern: /dirty bitmap .*not found|bitmap .*does not exist/i, code: 'NOT_FOUND' },
  { pattern: /is inconsistent and cannot be used/i, code: 'CHANGE_TRACKING_LOST' },
  { pattern: /already exists|duplicate (?:node|id)|is already in use/i, code: 'ALREADY_EXISTS' },
  { pattern: /server already running/i, code: 'ALREADY_EXISTS' },
  { pattern: /server not running/i, code: 'NOT_OPEN' },
  { pattern: /no space left/i, code: 'NO_SPACE', remedy: 'make room, or name another folder' },
  { pattern: /permission denied|operation not permitted/i, code: 'PERMISSION_DENIED' },
  { pattern: /no such file|cannot find (?:device|node)|not found/i, code: 'NOT_FOUND' },
  { pattern: /is busy|in use|conflicts with use|is locked/i, code: 'LOCKED' },
  { pattern: /read.?only/i, code: 'READ_ONLY' },
  {
    pattern: /not supported|unsupported|(?:parameter|member) '.*' is unexpected|does not accept value/i,
    code: 'UNSUPPORTED',
    remedy: 'use a newer QEMU',
  },
];

/** The SendenseError of a command that QEMU refused. */
export function mapQmpFailure(
  failure: QmpFailure,
  command: string,
  context: { readonly [key: string]: Json } = {},
): SendenseError {
  const text = `${failure.class}: ${failure.description}`;
  const rule = RULES.find(({ pattern }) => pattern.test(text));
  return new SendenseError(rule?.code ?? 'UNEXPECTED', `QEMU refused ${command}: ${failure.description}`, {
    operation: command,
    context: { ...context, class: failure.class },
    ...(rule?.remedy === undefined ? {} : { remedy: rule.remedy }),
  });
}

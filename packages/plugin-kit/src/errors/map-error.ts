import { type ErrorCode, type Json, SendenseError } from '@sendense/core';

/** What a vendor's code means: our code, the end of the sentence, and what the user can do. */
export type ErrorRule = readonly [code: ErrorCode, text: string, remedy?: string];

/** The one table of a plugin: vendor code → rule. */
export type ErrorTable = Readonly<Record<string, ErrorRule>>;

/** What failed. */
export type FailedCall = {
  readonly operation: string;
  /** Begins the sentence: a path, an address, a machine. */
  readonly subject: string;
  /** Code by which the table is searched. */
  readonly vendorCode: string;
  readonly context?: { readonly [key: string]: Json };
};

/**
 * The SendenseError of a vendor's error, by the plugin's table. A SendenseError is passed through; a code that the table
 * does not know becomes `UNEXPECTED`.
 */
export function mapByTable(error: unknown, table: ErrorTable, failed: FailedCall): SendenseError {
  if (SendenseError.is(error)) return error;
  const { operation, subject, vendorCode, context } = failed;
  const rule = Object.hasOwn(table, vendorCode) ? table[vendorCode] : undefined;
  const [code, text, remedy] = rule ?? (['UNEXPECTED', `failed (${vendorCode || String(error)})`] as const);
  return new SendenseError(code, `${subject} ${text}`, {
    operation,
    cause: error,
    ...(context === undefined ? {} : { context }),
    ...(remedy === undefined ? {} : { remedy }),
  });
}

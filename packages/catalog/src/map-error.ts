import { type ErrorCode, SendenseError } from '@sendense/core';

const REBUILD =
  'run "sendense-ctl repository rebuild-catalog"; it reads everything back from the repositories';

/** SQLite's primary result codes (sqlite.org/rescode.html) that a user can meet. */
const CODES: Readonly<Record<number, readonly [code: ErrorCode, text: string, remedy?: string]>> = {
  3: ['PERMISSION_DENIED', 'may not be accessed', 'run as the owner of the file'],
  5: [
    'LOCKED',
    'is being written by another process',
    'wait for the other process to finish its write, then repeat',
  ],
  6: [
    'LOCKED',
    'is being written by another process',
    'wait for the other process to finish its write, then repeat',
  ],
  8: ['READ_ONLY', 'may not be written', 'give this user the right to write the file and its folder'],
  10: ['CORRUPT', 'cannot be read or written: the storage reports an I/O error', 'check the disk below'],
  11: ['CORRUPT', 'is damaged', REBUILD],
  13: ['NO_SPACE', 'is on storage that is full', 'free space there, then repeat; nothing committed was lost'],
  14: [
    'PERMISSION_DENIED',
    'cannot be opened',
    'check that the path is a file in a folder that this user may write',
  ],
  26: ['CORRUPT', 'is not a catalog', REBUILD],
};

/** SQLite's primary result code of an error of `node:sqlite`; `undefined` for any other error. */
export function sqliteCode(error: unknown): number | undefined {
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown };
  return code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number' ? errcode & 0xff : undefined;
}

/** The SendenseError of a failed catalog query; anything SQLite does not explain becomes `UNEXPECTED`. */
export function mapSqliteError(error: unknown, operation: string, path: string): SendenseError {
  if (SendenseError.is(error)) return error;
  const sqlite = sqliteCode(error);
  const [code, text, remedy] = (sqlite === undefined ? undefined : CODES[sqlite]) ?? [
    'UNEXPECTED',
    `failed: ${error instanceof Error ? error.message : String(error)}`,
  ];
  return new SendenseError(code, `the catalog ${path} ${text}`, {
    operation,
    cause: error,
    context: { path, ...(sqlite === undefined ? {} : { sqlite }) },
    ...(remedy === undefined ? {} : { remedy }),
  });
}

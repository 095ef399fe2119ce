import { SendenseError } from '@sendense/core';
import { type FileSystem, readSmallFile } from '@sendense/plugin-kit';
import { type TokenRecord, tokenRecordSchema } from './token-record.ts';

/** The most bytes of a token's file; one that was written here has a few hundred. */
const MAX_BYTES = 4096;
/** Permission bits of group and others. */
const NOT_OWNER = 0o077;

/**
 * The record of a token; `undefined` when there is none. Rejects with `CORRUPT` when the file is too large, is no record, is that of
 * another token, or could have been written by somebody else than its owner.
 */
export async function readRecord(
  fileSystem: FileSystem,
  path: string,
  id: string,
): Promise<TokenRecord | undefined> {
  const text = await readIfThere(fileSystem, path, id);
  if (text === undefined) return undefined;
  const record = tokenRecordSchema.safeParse(parseJson(text));
  if (!record.success) throw damaged(id, path, 'it is no record of a token');
  if (record.data.id !== id) throw damaged(id, path, 'it is the record of another token');
  return record.data;
}

async function readIfThere(fileSystem: FileSystem, path: string, id: string): Promise<string | undefined> {
  const status = await fileSystem.stat(path);
  if (status === undefined) return undefined;
  if (status.kind !== 'file') throw damaged(id, path, 'it is no file');
  if (status.mode !== undefined && (status.mode & NOT_OWNER) !== 0)
    throw damaged(id, path, 'other users may reach it');
  try {
    return new TextDecoder().decode(await readSmallFile(fileSystem, path, MAX_BYTES));
  } catch (error) {
    if (SendenseError.is(error, 'NOT_FOUND')) return undefined; // revoked a moment ago
    if (SendenseError.is(error, 'FORMAT_INVALID')) throw damaged(id, path, 'it is too large');
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function damaged(id: string, path: string, reason: string): SendenseError {
  return new SendenseError('CORRUPT', `the file of token ${id} cannot be trusted: ${reason}`, {
    operation: 'read-token',
    context: { path },
    remedy: `revoke it with "sendense-ctl token revoke ${id}" and make a new one`,
  });
}

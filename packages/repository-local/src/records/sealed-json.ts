import { SendenseError } from '@sendense/core';
import type { Blake3 } from '@sendense/plugin-kit/digest';
import type { z } from 'zod';

/** The most bytes of a JSON file of a repository. */
export const MAX_RECORD_BYTES = 16 * 1024 * 1024;

/** A kind of JSON file: its `format`, the newest `version` we know, and what it holds. */
export type RecordType<T> = {
  readonly format: string;
  readonly version: number;
  readonly schema: z.ZodType<T>;
};

/** Writes `fields` as JSON with its format, version and own digest; see the on-disk layout, "JSON files". */
export function serializeRecord<T>(type: RecordType<T>, fields: object, blake3: Blake3): Uint8Array {
  const content = { format: type.format, version: type.version, ...fields };
  const sealed = { ...content, blake3: digestOf(content, blake3) };
  const bytes = Buffer.from(`${JSON.stringify(sealed, null, 2)}\n`);
  if (bytes.byteLength <= MAX_RECORD_BYTES) return bytes;
  throw new SendenseError('CONFIG_INVALID', `a ${type.format} record would take ${bytes.byteLength} bytes`, {
    operation: 'write-record',
    remedy: `keep machine models, states and notes below ${MAX_RECORD_BYTES} bytes`,
  });
}

/**
 * Reads what {@link serializeRecord} wrote. Throws `FORMAT_UNSUPPORTED` for a newer version, `CORRUPT` naming `path`
 * for everything else that is not exactly what was written.
 */
export function parseRecord<T>(type: RecordType<T>, bytes: Uint8Array, path: string, blake3: Blake3): T {
  const json = parseObject(bytes, path);
  const { blake3: claimed, ...content } = json;
  if (content.format !== type.format) throw damaged(path, `is not a ${type.format} record`);
  checkVersion(type, content.version, path);
  if (claimed !== digestOf(content, blake3)) throw damaged(path, 'does not match its digest');
  const parsed = parseContent(type, content);
  if (!('issue' in parsed)) return parsed.data;
  throw damaged(path, `has wrong content: ${parsed.issue}`);
}

/** Checks fields before they are written; throws `CONFIG_INVALID` for what could not be read back. */
export function checkFields<T>(type: RecordType<T>, fields: object): void {
  const plain: unknown = JSON.parse(
    JSON.stringify({ format: type.format, version: type.version, ...fields }),
  );
  const parsed = parseContent(type, plain);
  if (!('issue' in parsed)) return;
  throw new SendenseError('CONFIG_INVALID', `not a valid ${type.format} record: ${parsed.issue}`, {
    operation: 'write-record',
    remedy: 'correct the machine model, state or note that the source or caller gave',
  });
}

function parseContent<T>(type: RecordType<T>, content: unknown): { data: T } | { issue: string } {
  try {
    const parsed = type.schema.safeParse(content);
    if (parsed.success) return { data: parsed.data };
    const [issue] = parsed.error.issues;
    return { issue: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}` };
  } catch (error) {
    // Ids are checked by functions that throw.
    if (SendenseError.is(error)) return { issue: error.message };
    throw error;
  }
}

function parseObject(bytes: Uint8Array, path: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return { ...json };
  } catch {
    // Told below: the parser's words help nobody.
  }
  throw damaged(path, 'is not a JSON record');
}

function checkVersion<T>(type: RecordType<T>, version: unknown, path: string): void {
  if (version === type.version) return;
  if (typeof version !== 'number' || version < type.version) throw damaged(path, 'has a wrong version');
  throw new SendenseError(
    'FORMAT_UNSUPPORTED',
    `${path} has format version ${version}; this version of Sendense reads ${type.version}`,
    {
      operation: 'read-record',
      remedy: 'use the version of Sendense that wrote the repository, or a newer one',
      context: { path, version },
    },
  );
}

function digestOf(content: object, blake3: Blake3): string {
  return Buffer.from(blake3(Buffer.from(JSON.stringify(content)))).toString('hex');
}

function damaged(path: string, what: string): SendenseError {
  return new SendenseError('CORRUPT', `${path} ${what}`, {
    operation: 'read-record',
    remedy: 'restore this file from a copy of the repository; the other points stay usable',
    context: { path },
  });
}

import { type Fence, type Journal, type Json, SendenseError } from '@sendense/core';
import { z } from 'zod';

/** One key of the journal: its checked value, and writes that follow each other by revision. */
export type JournalRecord<T> = {
  /** What was last read or written; `undefined` while the key is absent. */
  readonly value: T | undefined;
  /** Writes are done in the order of the calls. Rejects with `CONFLICT` when another holder wrote in between. */
  write(value: T | undefined): Promise<void>;
};

/** Reads `key`. Rejects with `FORMAT_UNSUPPORTED` for a record of a newer version, `CORRUPT` for a damaged one. */
export async function openJournalRecord<T>(
  journal: Journal,
  key: string,
  schema: z.ZodType<T>,
  fence: Fence,
): Promise<JournalRecord<T>> {
  const entry = await journal.read(key);
  let value = entry === undefined ? undefined : parseRecord(key, schema, entry.value);
  let revision: number | 'absent' = entry?.revision ?? 'absent';
  let last: Promise<unknown> = Promise.resolve();

  const write = async (next: T | undefined): Promise<void> => {
    if (next === undefined && revision === 'absent') return;
    const written = await journal.write(key, next === undefined ? undefined : toJson(next), revision, fence);
    revision = next === undefined ? 'absent' : written;
    value = next;
  };
  return {
    get value() {
      return value;
    },
    write(next) {
      const done = last.then(() => write(next));
      last = done.catch(() => undefined);
      return done;
    },
  };
}

function parseRecord<T>(key: string, schema: z.ZodType<T>, value: Json): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const version = z.looseObject({ schema: z.number() }).safeParse(value);
  const newer = version.success && version.data.schema > 1;
  throw new SendenseError(
    newer ? 'FORMAT_UNSUPPORTED' : 'CORRUPT',
    newer
      ? `the journal record ${key} was written by a newer version`
      : `the journal record ${key} is damaged: ${z.prettifyError(parsed.error)}`,
    {
      operation: 'read-journal',
      remedy: newer
        ? 'use the version that wrote it, or a newer one'
        : 'restore the state directory from a copy, or remove the record: the next backup then rebuilds it from the repository',
      context: { key },
    },
  );
}

function toJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

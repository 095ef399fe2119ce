import { type Json, SendenseError } from '@sendense/core';

/** The value of a `*_json` column. Throws `CORRUPT` when the text is not JSON. */
export function parseJsonColumn(text: string): Json {
  try {
    const value: Json = JSON.parse(text);
    return value;
  } catch (error) {
    throw new SendenseError('CORRUPT', 'a value of the catalog is not JSON', {
      operation: 'read-catalog',
      remedy: 'run "sendense-ctl repository rebuild-catalog"',
      cause: error,
    });
  }
}

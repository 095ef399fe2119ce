import { SendenseError } from '@sendense/core';
import type { Dispatcher } from 'undici';
import { MAX_REPLY_BYTES } from '../soap/envelope.ts';

/** What a reply answers: `operation` of errors, e.g. `vim-Login`, and its name for a person. */
export type Answered = { readonly operation: string; readonly subject: string };

/** The text of a reply. Rejects with `PROTOCOL_VIOLATION` for one of more than 16 MiB, and as the body does. */
export async function readBounded(
  body: Dispatcher.ResponseData['body'],
  answered: Answered,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > MAX_REPLY_BYTES) throw tooLong(answered);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function tooLong({ operation, subject }: Answered): SendenseError {
  return new SendenseError(
    'PROTOCOL_VIOLATION',
    `the reply to ${subject} is longer than ${MAX_REPLY_BYTES} bytes`,
    {
      operation,
      context: { method: subject },
      effect: 'unknown',
      remedy: 'check that the address is that of a vCenter or ESXi',
    },
  );
}

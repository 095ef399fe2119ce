import { SendenseError } from '@sendense/core';

/** Lists are not paged: 64 MiB are some hundred thousand backups. */
const MOST_BYTES = 64 * 1024 * 1024;

/** The body of a reply. Rejects with `PROTOCOL_VIOLATION` for more than a server has to say, before it is all in memory. */
export async function readText(response: Response, operation: string): Promise<string> {
  if (response.body === null) return '';
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const piece of response.body as AsyncIterable<Uint8Array>) {
    bytes += piece.length;
    if (bytes > MOST_BYTES)
      throw new SendenseError('PROTOCOL_VIOLATION', `the answer has more than ${MOST_BYTES} bytes`, {
        operation,
      });
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}

import { type Attempt, networkError } from './network-error.ts';

/**
 * The pieces of a body as they come. Rejects with `CONNECTION_LOST` when it breaks off, `TIMEOUT` when nothing comes for too long. Who stops
 * reading ends the request.
 */
export async function* readPieces({ body }: Response, attempt: Attempt): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  try {
    for (;;) {
      const { done, value } = await attempt.patience.wait(() => reader.read());
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw networkError(error, attempt);
  } finally {
    await reader.cancel().catch(() => undefined); // it has failed already
  }
}

import { SendenseError } from '@sendense/core';

/** The most bytes of a document of an issuer; real ones have a few thousand. */
const MAX_BYTES = 256 * 1024;

/**
 * The JSON at `url`. Redirects are not followed: the address that was configured is the one that is trusted. Rejects with
 * `CONNECTION_LOST`, `TIMEOUT` when `signal` fires, or `PROTOCOL_VIOLATION`; each may work later.
 */
export async function fetchJson(url: string, signal: AbortSignal): Promise<unknown> {
  const response = await answered(url, signal, () =>
    fetch(url, { signal, redirect: 'error', headers: { accept: 'application/json' } }),
  );
  if (response.status !== 200) {
    await response.body?.cancel();
    throw failed('CONNECTION_LOST', `${url} answers with status ${response.status}`);
  }
  const text = await answered(url, signal, () => readText(response, url));
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw failed('PROTOCOL_VIOLATION', `${url} does not answer with JSON`, error);
  }
}

async function answered<T>(url: string, signal: AbortSignal, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (SendenseError.is(error)) throw error;
    if (signal.aborted) throw failed('TIMEOUT', `${url} does not answer in time`, error);
    throw failed('CONNECTION_LOST', `${url} cannot be reached`, error);
  }
}

async function readText(response: Response, url: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > MAX_BYTES)
      throw failed('PROTOCOL_VIOLATION', `${url} answers with more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function failed(
  code: 'CONNECTION_LOST' | 'TIMEOUT' | 'PROTOCOL_VIOLATION',
  message: string,
  cause?: unknown,
): SendenseError {
  return new SendenseError(code, message, { operation: 'fetch-issuer-keys', retry: 'later', cause });
}

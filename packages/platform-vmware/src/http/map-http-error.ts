import { amendError, SendenseError } from '@sendense/core';
import { mapSocketError } from '@sendense/plugin-kit/nbd';

/** What failed between here and a server. */
export type FailedExchange = {
  /** E.g. `vim-Login`. */
  readonly operation: string;
  /** The method or file as a person names it. */
  readonly subject: string;
  readonly host: string;
};

/** The SendenseError of a failure of undici, Node or TLS. `effect` is `unknown` where the server may have been reached. */
export function mapHttpError(error: unknown, failed: FailedExchange): SendenseError {
  if (SendenseError.is(error)) return error;
  const code = codeOf(error);
  if (CLOSED.has(code)) return closed(failed);
  const cause = SOCKET_CODES[code] === undefined ? error : withCode(error, SOCKET_CODES[code]);
  const mapped = mapSocketError(cause, failed.operation, failed.host);
  if (code === OTHER_HOST) return amendError(mapped, { remedy: OTHER_HOST_REMEDY });
  return SENT.has(codeOf(cause)) ? amendError(mapped, { effect: 'unknown' }) : mapped;
}

/** undici has names of its own for what sockets do. */
const SOCKET_CODES: Readonly<Record<string, string>> = {
  UND_ERR_SOCKET: 'ECONNRESET',
  UND_ERR_HEADERS_TIMEOUT: 'ETIMEDOUT',
  UND_ERR_BODY_TIMEOUT: 'ETIMEDOUT',
  UND_ERR_CONNECT_TIMEOUT: 'EHOSTUNREACH',
  // less, or more, than the server announced
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'ECONNRESET',
};

/** The certificate is for another host; here a thumbprint is the way to trust it all the same. */
const OTHER_HOST = 'ERR_TLS_CERT_ALTNAME_INVALID';
const OTHER_HOST_REMEDY =
  'give the address by the name in the certificate, or give the thumbprint of the server';

/** After these the server may have done what it was asked. */
const SENT: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

/** The connections were closed under the request. */
const CLOSED: ReadonlySet<string> = new Set(['UND_ERR_DESTROYED', 'UND_ERR_CLOSED', 'UND_ERR_ABORTED']);

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function withCode(cause: unknown, code: string): Error {
  return Object.assign(new Error(code, { cause }), { code });
}

function closed({ operation, subject }: FailedExchange): SendenseError {
  return new SendenseError('NOT_OPEN', `the session was closed during ${subject}`, {
    operation,
    effect: 'unknown',
    context: { method: subject },
  });
}

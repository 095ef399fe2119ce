import { type ByteRange, type Json, SendenseError } from '@sendense/core';
import { type ErrorTable, mapByTable } from '../errors/index.ts';
import { errnoName, OptionReplyType } from './numbers.ts';

/** What the error numbers of replies mean. */
const REQUEST_ERRORS: ErrorTable = {
  EPERM: ['PERMISSION_DENIED', 'may not be changed', 'export it writable, or choose another destination'],
  EIO: ['CORRUPT', 'cannot be read or written: its server reports an I/O error', 'check the storage below'],
  ENOMEM: ['RATE_LIMITED', 'is short of memory', 'repeat it when the server has less to do'],
  EINVAL: ['RANGE_INVALID', 'refuses the request as invalid', 'check that the export still has its size'],
  ENOSPC: ['NO_SPACE', 'is on storage that is full', 'free space there, then repeat'],
  EOVERFLOW: ['RANGE_INVALID', 'refuses the request as too large'],
  ENOTSUP: ['UNSUPPORTED', 'does not know the request'],
  ESHUTDOWN: ['CONNECTION_LOST', 'is being shut down', 'repeat it when the server runs again'],
};

/** What error replies to options mean. */
const OPTION_ERRORS: ErrorTable = {
  errUnsupported: ['UNSUPPORTED', 'does not know the option', 'update the server'],
  errPolicy: ['PERMISSION_DENIED', 'does not allow it', 'change the policy of the server'],
  errInvalid: ['PROTOCOL_VIOLATION', 'calls the option invalid', 'report this with the name of the server'],
  errPlatform: ['UNSUPPORTED', 'cannot do it on its platform', 'run the server on another platform'],
  errTlsRequired: ['PERMISSION_DENIED', 'lets nobody in without TLS', 'give the tls options of the endpoint'],
  errUnknown: ['NOT_FOUND', 'does not exist', 'check the name of the export; the server lists its exports'],
  errShutdown: ['CONNECTION_LOST', 'is being shut down', 'repeat it when the server runs again'],
  errBlockSizeRequired: ['PROTOCOL_VIOLATION', 'wants block sizes to be asked for, which they were'],
  errTooBig: ['UNSUPPORTED', 'calls the option too large', 'ask for fewer contexts'],
  errExtendedHeadersRequired: ['UNSUPPORTED', 'wants 64-bit headers but did not agree on them'],
};

const OPTION_NAMES = new Map<number, string>(
  Object.entries(OptionReplyType).map(([name, type]) => [type, name]),
);

/** What failed. */
export type FailedRequest = {
  readonly operation: string;
  /** The export as a person names it. */
  readonly subject: string;
  /** What the server said besides. */
  readonly message: string;
  /** What was asked. */
  readonly range?: ByteRange;
};

/** The SendenseError of an error number in a reply. */
export function mapRequestError(errno: number, failed: FailedRequest): SendenseError {
  const vendorCode = errnoName(errno);
  const context = { errno, serverMessage: failed.message, ...failed.range };
  return mapNbd(REQUEST_ERRORS, vendorCode, failed, context);
}

/** The SendenseError of an error reply to an option. */
export function mapOptionError(type: number, failed: FailedRequest): SendenseError {
  const vendorCode = OPTION_NAMES.get(type) ?? `error 0x${type.toString(16)}`;
  return mapNbd(OPTION_ERRORS, vendorCode, failed, { type, serverMessage: failed.message });
}

function mapNbd(
  table: ErrorTable,
  vendorCode: string,
  { operation, subject, message }: FailedRequest,
  context: { readonly [key: string]: Json },
): SendenseError {
  const said = message === '' ? '' : ` (${message})`;
  return mapByTable(undefined, table, { operation, subject: `${subject}${said}`, vendorCode, context });
}

const SOCKET_ERRORS: ErrorTable = {
  ENOENT: ['NOT_FOUND', 'has no socket there', 'check the path and that the server runs'],
  ENOTDIR: ['NOT_FOUND', 'is reached through something that is not a folder', 'check the path'],
  ENOTFOUND: ['NOT_FOUND', 'has a host name that does not resolve', 'check the name and the DNS'],
  EACCES: ['PERMISSION_DENIED', 'may not be connected to', 'give this user the right to the socket'],
  EPERM: ['PERMISSION_DENIED', 'may not be connected to', 'give this user the right to connect'],
  ECONNREFUSED: ['CONNECTION_LOST', 'refuses connections', 'check that the server runs'],
  ECONNRESET: ['CONNECTION_LOST', 'closed the connection', 'repeat it; look into the log of the server'],
  EPIPE: ['CONNECTION_LOST', 'closed the connection', 'repeat it; look into the log of the server'],
  EHOSTUNREACH: ['CONNECTION_LOST', 'cannot be reached', 'check the network'],
  ENETUNREACH: ['CONNECTION_LOST', 'cannot be reached', 'check the network'],
  EAI_AGAIN: ['CONNECTION_LOST', 'has a host name that cannot be resolved now', 'check the DNS'],
  ETIMEDOUT: ['TIMEOUT', 'did not answer in time', 'check the network'],
  EMFILE: ['QUOTA_EXCEEDED', 'cannot be opened: too many open files', 'raise the limit (ulimit -n)'],
};

const trust = 'check the certificate of the server and the caPem of the endpoint';
const CERTIFICATE_ERRORS: ErrorTable = {
  ERR_TLS_CERT_ALTNAME_INVALID: [
    'UNTRUSTED_PEER',
    'shows a certificate for another host',
    'connect by the name in the certificate, or set serverName',
  ],
  CERT_HAS_EXPIRED: ['UNTRUSTED_PEER', 'shows a certificate that has expired', 'renew the certificate'],
  CERT_NOT_YET_VALID: ['UNTRUSTED_PEER', 'shows a certificate of the future', 'check the clocks'],
  CERT_REVOKED: ['UNTRUSTED_PEER', 'shows a certificate that was revoked', 'renew the certificate'],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['UNTRUSTED_PEER', 'shows a self-signed certificate', trust],
  SELF_SIGNED_CERT_IN_CHAIN: ['UNTRUSTED_PEER', 'shows a certificate of an unknown authority', trust],
  UNABLE_TO_GET_ISSUER_CERT: ['UNTRUSTED_PEER', 'shows a certificate of an unknown authority', trust],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ['UNTRUSTED_PEER', 'shows a certificate of an unknown authority', trust],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['UNTRUSTED_PEER', 'shows a certificate of an unknown authority', trust],
  CERT_SIGNATURE_FAILURE: ['UNTRUSTED_PEER', 'shows a certificate whose signature is wrong', trust],
  INVALID_PURPOSE: ['UNTRUSTED_PEER', 'shows a certificate that is not for servers', trust],
};

/** Codes of TLS alerts by which a server refuses the certificate of the client. */
const refusesOurCertificate =
  /ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_\w+|ACCESS_DENIED)|ALERT_HANDSHAKE_FAILURE/;

/** The SendenseError of an error of a socket or of TLS. `subject` is the export as a person names it. */
export function mapSocketError(error: unknown, operation: string, subject: string): SendenseError {
  const vendorCode = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
  const failed = { operation, subject, vendorCode, context: { socketError: vendorCode } };
  if (refusesOurCertificate.test(vendorCode)) {
    return new SendenseError('AUTHENTICATION_FAILED', `${subject} does not accept our certificate`, {
      operation,
      cause: error,
      context: failed.context,
      remedy: 'give certificatePem and keyPem of a certificate that the server trusts',
    });
  }
  if (vendorCode.startsWith('ERR_SSL_')) {
    return new SendenseError('CONNECTION_LOST', `${subject} broke the TLS session (${vendorCode})`, {
      operation,
      cause: error,
      context: failed.context,
      remedy: 'check the TLS settings of the server',
    });
  }
  return mapByTable(error, { ...SOCKET_ERRORS, ...CERTIFICATE_ERRORS }, failed);
}

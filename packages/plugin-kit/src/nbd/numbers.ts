/** Types of replies to an option. Errors have bit 31 set. */
export const OptionReplyType = {
  ack: 1,
  server: 2,
  info: 3,
  metaContext: 4,
  errUnsupported: 0x80000001,
  errPolicy: 0x80000002,
  errInvalid: 0x80000003,
  errPlatform: 0x80000004,
  errTlsRequired: 0x80000005,
  errUnknown: 0x80000006,
  errShutdown: 0x80000007,
  errBlockSizeRequired: 0x80000008,
  errTooBig: 0x80000009,
  errExtendedHeadersRequired: 0x8000000a,
} as const;

/** Error numbers of replies; they are Linux's, whatever the server runs on. */
export const NbdErrno = {
  EPERM: 1,
  EIO: 5,
  ENOMEM: 12,
  EINVAL: 22,
  ENOSPC: 28,
  EOVERFLOW: 75,
  ENOTSUP: 95,
  ESHUTDOWN: 108,
} as const;

/** Name of an error number, `errno N` for one that the protocol does not know. */
export function errnoName(errno: number): string {
  return Object.entries(NbdErrno).find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`;
}

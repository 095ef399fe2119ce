import type { Secret } from '../values/secret.ts';

/** TLS of a connection. The peer is verified unless the caller says, by name, that it is dangerous not to. */
export type TlsOptions = {
  /** PEM bundle to trust instead of the system's. */
  readonly caPem?: string;
  readonly certificatePem?: string;
  readonly keyPem?: Secret;
  /** Name to verify and to send as SNI, when it is not the host connected to. */
  readonly serverName?: string;
  readonly dangerouslySkipVerification?: true;
};

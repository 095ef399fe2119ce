import { SendenseError } from '@sendense/core';

/**
 * The error of a server that hangs up as soon as there is TLS. With TLS 1.3 a client learns only after the handshake that
 * its certificate was refused, and QEMU and nbdkit say it by hanging up.
 */
export function hungUpAfterTls(subject: string, certificateShown: boolean, cause?: unknown): SendenseError {
  const shown = certificateShown ? 'it may not trust ours' : 'none was shown';
  return new SendenseError(
    'AUTHENTICATION_FAILED',
    `${subject} hung up after the TLS handshake: it seems to want a client certificate, and ${shown}`,
    {
      operation: 'start-tls',
      // it may have been the network all the same
      retry: 'later',
      cause,
      remedy: 'give certificatePem and keyPem of a certificate that the server trusts',
    },
  );
}

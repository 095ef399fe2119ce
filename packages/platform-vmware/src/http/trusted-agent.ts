import { TLSSocket } from 'node:tls';
import { SendenseError } from '@sendense/core';
import { Agent, buildConnector } from 'undici';

/** How the certificate of a server is trusted; by the authorities that Node brings along when neither is given. */
export type VimTrust = {
  /** PEM bundle of authorities to trust instead of those of Node. */
  readonly caPem?: string;
  /**
   * SHA-256 or SHA-1 of the one certificate to trust, in hexadecimal with or without colons, as vCenter and ESXi show it. It
   * replaces the check of authority, name and date: the certificate is known in person.
   */
  readonly thumbprint?: string;
};

/**
 * The most connections to one server: those that read files must leave some to others. vSphere limits sessions, not connections,
 * but a proxy in front may.
 */
const CONNECTIONS = 32;
/** And for calls that wait for news: each holds its connection for up to 20 s, and no other call is to wait for that. */
const WAITING_CONNECTIONS = 8;

/** Connections to servers; those for calls that wait for news are their own. */
export type TrustedAgent = { readonly calls: Agent; readonly waiting: Agent };

/** Connections to servers that are trusted so. `CONFIG_INVALID` for a thumbprint that is none. */
export function createTrustedAgent(trust: VimTrust): TrustedAgent {
  const connect = trust.thumbprint === undefined ? verified(trust) : pinned(trust.thumbprint);
  return {
    calls: new Agent({ connect, connections: CONNECTIONS, pipelining: 1 }),
    waiting: new Agent({ connect, connections: WAITING_CONNECTIONS, pipelining: 1 }),
  };
}

function verified({ caPem }: VimTrust): buildConnector.connector {
  return buildConnector({
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    ...(caPem === undefined ? {} : { ca: caPem }),
  });
}

/** The certificate is compared before a byte is sent. Sessions are not resumed: those show no certificate. */
function pinned(thumbprint: string): buildConnector.connector {
  const wanted = parseThumbprint(thumbprint);
  const connect = buildConnector({ minVersion: 'TLSv1.2', rejectUnauthorized: false, maxCachedSessions: 0 });
  return (options, callback) => {
    connect(options, (...result) => {
      const [error, socket] = result;
      if (error !== null) return callback(error, null);
      const shown = socket instanceof TLSSocket ? socket.getPeerCertificate() : undefined;
      const actual = wanted.length === 64 ? shown?.fingerprint256 : shown?.fingerprint;
      if (actual !== undefined && hexadecimal(actual) === wanted) return callback(null, socket);
      socket.destroy();
      return callback(untrusted(options.hostname, shown?.fingerprint256), null);
    });
  };
}

function untrusted(host: string, actual = 'none'): SendenseError {
  return new SendenseError('UNTRUSTED_PEER', `${host} shows another certificate than the thumbprint names`, {
    operation: 'connect-vim',
    context: { host, thumbprint: actual },
    remedy: 'compare the thumbprint on the console of the server; it changes when its certificate is renewed',
  });
}

function parseThumbprint(text: string): string {
  const digits = hexadecimal(text);
  if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(digits)) return digits;
  throw new SendenseError(
    'CONFIG_INVALID',
    'the thumbprint is neither a SHA-256 nor a SHA-1 in hexadecimal',
    {
      operation: 'connect-vim',
      remedy: 'openssl x509 -in certificate.pem -noout -fingerprint -sha256',
    },
  );
}

function hexadecimal(text: string): string {
  return text.replaceAll(/[:\s]/g, '').toLowerCase();
}

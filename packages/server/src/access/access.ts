import { type Clock, type LogSink, SendenseError, systemClock } from '@sendense/core';
import type { FileSystem } from '@sendense/plugin-kit';
import type { AccessOptions } from './access-options.ts';
import { createTokenVerifier } from './oidc/verify-token.ts';
import { LOCAL_PRINCIPAL, type Principal } from './principal.ts';
import { TokenStore } from './tokens/token-store.ts';
import { TOKEN_PREFIX } from './tokens/token-text.ts';

/** The most characters of a credential: more than any issuer's token for one server needs. */
const MAX_CREDENTIAL = 8192;
/** A bearer credential (RFC 6750, 2.1), of the characters that API tokens and JSON Web Tokens are made of. */
const BEARER = /^Bearer +([A-Za-z0-9._-]+) *$/i;

/** Tells who calls. */
export interface Access {
  /**
   * Whether callers have to prove who they are: an issuer is configured, or tokens were ever made. Once `true` it stays so while the
   * server runs, so that a folder of tokens that was removed does not open the server.
   */
  isGuarded(): Promise<boolean>;
  /**
   * The caller behind the value of an `Authorization` header. Rejects with `AUTHENTICATION_FAILED` (401) when there is none or it is
   * refused; with `CONNECTION_LOST`, `TIMEOUT` or `PROTOCOL_VIOLATION` and the advice `later` (503) when the issuer's keys cannot be
   * had; with `CORRUPT` (500) when the stored token is damaged.
   */
  authenticate(authorization: string | undefined): Promise<Principal>;
}

/** What access takes from its host. */
export type AccessServices = {
  readonly fileSystem?: FileSystem;
  readonly clock?: Pick<Clock, 'now'>;
  readonly log?: LogSink;
};

/**
 * Opens what callers are known by: the tokens in `tokensDirectory`, and the issuer of `options`, which is asked when its first token
 * comes. Without both every caller is the local one, and the server must answer to nobody but this machine.
 */
export async function openAccess(
  options: Pick<AccessOptions, 'oidc'>,
  tokensDirectory: string,
  services: AccessServices = {},
): Promise<Access> {
  const { clock = systemClock, log = () => undefined } = services;
  const tokens = new TokenStore(tokensDirectory, services);
  const verify = options.oidc === undefined ? undefined : createTokenVerifier(options.oidc, { clock, log });
  let guarded = verify !== undefined || (await tokens.isUsed());
  const isGuarded = async (): Promise<boolean> => {
    guarded ||= await tokens.isUsed();
    return guarded;
  };
  return {
    isGuarded,
    async authenticate(authorization) {
      if (authorization === undefined) {
        if (await isGuarded()) throw refused('the request has no credentials');
        return LOCAL_PRINCIPAL;
      }
      const credential = credentialOf(authorization);
      if (credential.startsWith(TOKEN_PREFIX)) return tokens.authenticate(credential);
      if (verify === undefined) throw refused('the credentials are not a token of this server');
      return verify(credential);
    },
  };
}

function credentialOf(authorization: string): string {
  const credential = authorization.length > MAX_CREDENTIAL ? undefined : BEARER.exec(authorization)?.[1];
  if (credential === undefined) throw refused('the credentials are not a bearer token');
  return credential;
}

function refused(message: string): SendenseError {
  return new SendenseError('AUTHENTICATION_FAILED', message, {
    operation: 'authenticate',
    remedy: 'send "Authorization: Bearer" and a token of this server',
  });
}

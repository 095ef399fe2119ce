import { SendenseError } from '@sendense/core';
import { errors, jwtVerify } from 'jose';
import type { OidcOptions } from '../access-options.ts';
import type { Principal } from '../principal.ts';
import { type Claims, principalOfClaims } from './claims.ts';
import { issuerKeys, type KeyServices } from './issuer-keys.ts';

/** How far the clocks of issuer and server may be apart. */
const CLOCK_TOLERANCE_SECONDS = 30;

/** Tells the caller behind a JSON Web Token. */
export type TokenVerifier = (token: string) => Promise<Principal>;

/**
 * Checks tokens of one issuer: signature by an asymmetric algorithm, issuer, audience, `exp`, `nbf` (RFC 8725, RFC 9068). The verifier
 * rejects with `AUTHENTICATION_FAILED`, and as `issuerKeys` does when the issuer's keys cannot be had.
 */
export function createTokenVerifier(options: OidcOptions, services: KeyServices): TokenVerifier {
  const keys = issuerKeys(options.issuer, services);
  const checks = {
    issuer: options.issuer,
    audience: options.audience,
    algorithms: [...options.algorithms],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    requiredClaims: ['exp', 'sub'],
    ...(options.type === undefined ? {} : { typ: options.type }),
  };
  return async (token) => {
    const claims = await jwtVerify(token, keys, { ...checks, currentDate: services.clock.now() }).then(
      ({ payload }): Claims => payload,
      (error: unknown) => {
        throw refusal(error);
      },
    );
    return principalOfClaims(claims, options);
  };
}

function refusal(error: unknown): SendenseError {
  if (SendenseError.is(error)) return error;
  if (error instanceof errors.JOSEError)
    return new SendenseError('AUTHENTICATION_FAILED', `the token is refused: ${reasonOf(error)}`, {
      operation: 'authenticate',
      remedy: 'get a new token for this server from the issuer',
      cause: error,
    });
  // Not the token: the issuer names a key that is none, or one too short to be safe.
  return new SendenseError('PROTOCOL_VIOLATION', 'the issuer has a key that cannot be used', {
    operation: 'authenticate',
    retry: 'later',
    cause: error,
  });
}

function reasonOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'it has expired';
  if (error instanceof errors.JWTClaimValidationFailed)
    return `${error.claim} is not what this server asks for`;
  if (error instanceof errors.JOSEAlgNotAllowed)
    return 'it is not signed by an algorithm that this server takes';
  if (error instanceof errors.JWKSNoMatchingKey) return 'its key is not one of the issuer';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature is wrong';
  return 'it is not a signed token';
}

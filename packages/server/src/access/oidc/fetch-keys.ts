import { SendenseError } from '@sendense/core';
import { z } from 'zod';
import { isTrustedUrl } from '../access-options.ts';
import { fetchJson } from './fetch-json.ts';

/** The most keys of an issuer that are taken; real ones have two or three. */
const MAX_KEYS = 100;

const discoverySchema = z.looseObject({ issuer: z.string(), jwks_uri: z.string() });
const keysSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(MAX_KEYS) });

/** Keys by which an issuer signs, as JSON Web Keys. */
export type KeySet = z.output<typeof keysSchema>;

/** Where the discovery document of `issuer` lies (OpenID Connect Discovery 1.0, 4.1). */
export function discoveryUrl(issuer: string): string {
  return `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
}

/**
 * The keys of `issuer` now, found by its discovery document. Rejects with `CONNECTION_LOST`, `TIMEOUT` or `PROTOCOL_VIOLATION`; each may
 * work later.
 */
export async function fetchKeys(issuer: string, signal: AbortSignal): Promise<KeySet> {
  const url = discoveryUrl(issuer);
  const discovery = discoverySchema.safeParse(await fetchJson(url, signal));
  if (!discovery.success) throw violation(`${url} is no discovery document`);
  // A document of another issuer would bring the keys of that one (OpenID Connect Discovery 1.0, 4.3).
  if (discovery.data.issuer !== issuer) throw violation(`${url} is the document of another issuer`);
  const { jwks_uri } = discovery.data;
  if (!isTrustedUrl(jwks_uri)) throw violation(`${url} names keys that do not come by https`);
  const keys = keysSchema.safeParse(await fetchJson(jwks_uri, signal));
  if (!keys.success) throw violation(`${jwks_uri} is no set of keys`);
  return keys.data;
}

function violation(message: string): SendenseError {
  return new SendenseError('PROTOCOL_VIOLATION', message, { operation: 'fetch-issuer-keys', retry: 'later' });
}

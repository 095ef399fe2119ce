import { createHash } from 'node:crypto';
import type { Random } from '@sendense/core';

const ID_BYTES = 8;
/** 256 bits. */
const SECRET_BYTES = 32;
const TOKEN = /^sds_([0-9a-f]{16})_[A-Za-z0-9_-]{43}$/;
const ID = /^[0-9a-f]{16}$/;

/** What every token begins with, so that scanners for leaked secrets can know them. */
export const TOKEN_PREFIX = 'sds_';

/** A new token: `sds_<id>_<secret>`. */
export function newToken(random: Random): { readonly id: string; readonly token: string } {
  const id = Buffer.from(random.bytes(ID_BYTES)).toString('hex');
  return {
    id,
    token: `${TOKEN_PREFIX}${id}_${Buffer.from(random.bytes(SECRET_BYTES)).toString('base64url')}`,
  };
}

/** The id in a token; `undefined` when it has not the form of one. */
export function idOfToken(token: string): string | undefined {
  return TOKEN.exec(token)?.[1];
}

/** Whether `text` has the form of a token's id, and so is safe as a file name. */
export function isTokenId(text: string): boolean {
  return ID.test(text);
}

/**
 * What is kept of a token. A single SHA-256 is right here: slow hashes defend passwords, which can be guessed; a secret of 256 random bits
 * cannot, by hash or otherwise, and a slow hash would let anybody who sends wrong tokens keep the server busy.
 */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

import { timingSafeEqual } from 'node:crypto';
import { dirname, join } from 'node:path';
import { type Clock, type Random, SendenseError, systemClock, systemRandom } from '@sendense/core';
import { type FileSystem, nodeFileSystem, parseOptions, writeFileDurably } from '@sendense/plugin-kit';
import type { Principal } from '../principal.ts';
import { readRecord } from './read-record.ts';
import { type NewToken, type TokenRecord, tokenRecordSchema } from './token-record.ts';
import { hashToken, idOfToken, isTokenId, newToken } from './token-text.ts';

const SUFFIX = '.json';

/** Where the tokens of the server with this state folder lie. */
export function tokensDirectory(stateDirectory: string): string {
  return join(stateDirectory, 'tokens');
}

/** What a store takes from its host. */
export type TokenStoreServices = {
  readonly fileSystem?: FileSystem;
  readonly clock?: Pick<Clock, 'now'>;
  readonly random?: Random;
};

/**
 * The API tokens of a server: one file for each in a folder, with the token's hash and what it allows, for their owner alone. Making and
 * revoking a token is making and removing a file, so that several processes need no lock and a running server sees it at once.
 */
export class TokenStore {
  readonly #directory: string;
  readonly #fileSystem: FileSystem;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #random: Random;

  constructor(directory: string, services: TokenStoreServices = {}) {
    this.#directory = directory;
    this.#fileSystem = services.fileSystem ?? nodeFileSystem;
    this.#clock = services.clock ?? systemClock;
    this.#random = services.random ?? systemRandom;
  }

  /** Whether a token was ever made here; the folder stays when the last one is revoked. */
  async isUsed(): Promise<boolean> {
    return (await this.#fileSystem.stat(this.#directory)) !== undefined;
  }

  /**
   * Makes a token, which nobody can get at again. Rejects with `CONFIG_INVALID` when it would be expired already, or its
   * tenant or name is none.
   */
  async create(wanted: NewToken): Promise<{ readonly token: string; readonly record: TokenRecord }> {
    const now = this.#clock.now();
    if (wanted.expiresAt !== null && Date.parse(wanted.expiresAt) <= now.getTime())
      throw new SendenseError('CONFIG_INVALID', 'the token would have expired already', {
        operation: 'create-token',
      });
    const { id, token } = newToken(this.#random);
    const sha256 = hashToken(token).toString('hex');
    const given = { schema: 'sendense-token/1', id, sha256, ...wanted, createdAt: now.toISOString() };
    const record = await parseOptions(tokenRecordSchema, given, 'the token');
    await this.#fileSystem.makeDirectory(this.#directory);
    await this.#fileSystem.syncDirectory(dirname(this.#directory));
    const bytes = new TextEncoder().encode(`${JSON.stringify(record, null, 2)}\n`);
    await writeFileDurably(this.#fileSystem, this.#pathOf(id), bytes);
    return { token, record };
  }

  /** Every token, oldest first. Rejects with `CORRUPT` naming the first that is damaged. */
  async list(): Promise<readonly TokenRecord[]> {
    if (!(await this.isUsed())) return [];
    const records: TokenRecord[] = [];
    for (const file of await this.#fileSystem.list(this.#directory)) {
      const id = file.slice(0, -SUFFIX.length);
      if (!file.endsWith(SUFFIX) || !isTokenId(id)) continue;
      const record = await readRecord(this.#fileSystem, this.#pathOf(id), id);
      if (record !== undefined) records.push(record);
    }
    return records.sort((a, b) => a.createdAt.localeCompare(b.createdAt));
  }

  /** Ends a token, a damaged one too. Rejects with `NOT_FOUND`. */
  async revoke(id: string): Promise<void> {
    if (!isTokenId(id)) throw noSuchToken(id);
    await this.#fileSystem.unlink(this.#pathOf(id)).catch((error: unknown) => {
      throw SendenseError.is(error, 'NOT_FOUND') ? noSuchToken(id) : error;
    });
    await this.#fileSystem.syncDirectory(this.#directory);
  }

  /** The bearer of `token`. Rejects with `AUTHENTICATION_FAILED`; with `CORRUPT` when what is stored of it is damaged. */
  async authenticate(token: string): Promise<Principal> {
    const id = idOfToken(token);
    if (id === undefined) throw refused('the token is refused: it is cut short or changed');
    const record = await readRecord(this.#fileSystem, this.#pathOf(id), id);
    const kept = Buffer.from(record?.sha256 ?? '0'.repeat(64), 'hex');
    // In constant time, whether there is such a token or not.
    if (!timingSafeEqual(kept, hashToken(token)) || record === undefined)
      throw refused('the token is refused: it is not known, or was revoked');
    const { expiresAt, role, tenant } = record;
    if (expiresAt !== null && Date.parse(expiresAt) <= this.#clock.now().getTime())
      throw refused('the token is refused: it has expired');
    return { id: `token:${id}`, kind: 'token', role, tenant };
  }

  #pathOf(id: string): string {
    return join(this.#directory, `${id}${SUFFIX}`);
  }
}

function refused(message: string): SendenseError {
  return new SendenseError('AUTHENTICATION_FAILED', message, {
    operation: 'authenticate',
    remedy: 'make a new token with "sendense-ctl token create"',
  });
}

function noSuchToken(id: string): SendenseError {
  return new SendenseError('NOT_FOUND', `there is no token ${id}`, {
    operation: 'revoke-token',
    remedy: 'see "sendense-ctl token list"',
  });
}

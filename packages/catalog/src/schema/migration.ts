import type { Transaction } from 'kysely';
import type { Tables } from './tables.ts';

/** Takes the schema from one version to the next. Never edited once released: a change is a new migration. */
export type Migration = (db: Transaction<Tables>) => Promise<void>;

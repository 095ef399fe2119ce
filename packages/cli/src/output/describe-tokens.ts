import type { Json } from '@sendense/core';
import type { TokenRecord } from '@sendense/server/access';
import { printable } from './printable.ts';
import { textTable } from './text-table.ts';

/** A token as JSON; what opens it is not kept, so not here. */
export function describeToken(record: TokenRecord): { readonly [key: string]: Json } {
  const { id, role, tenant, name, createdAt, expiresAt } = record;
  return { tokenId: id, role, tenant, name, createdAt, expiresAt };
}

/** Tokens as a table. */
export function tokenLines(records: readonly TokenRecord[], now: Date): string[] {
  if (records.length === 0) return ['no tokens'];
  return textTable(
    ['TOKEN', 'ROLE', 'TENANT', 'CREATED', 'EXPIRES', 'NAME'],
    records.map(({ id, role, tenant, createdAt, expiresAt, name }) => [
      id,
      role,
      tenant ?? 'all',
      createdAt,
      expiryOf(expiresAt, now),
      printable(name ?? '-'),
    ]),
  );
}

function expiryOf(expiresAt: string | null, now: Date): string {
  if (expiresAt === null) return 'never';
  return Date.parse(expiresAt) <= now.getTime() ? 'expired' : expiresAt;
}

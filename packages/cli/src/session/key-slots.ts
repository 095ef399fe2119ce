import { type Json, SendenseError } from '@sendense/core';
import type { KeySlotInfo, ObjectMaintenance, ObjectRepository } from '@sendense/object-repository';
import { textTable } from '../output/text-table.ts';
import type { RepositoryOption } from '../program/shared-flags.ts';
import { type OpenRepository, openRepository } from './open-repository.ts';
import type { Session } from './session.ts';

/** The key slots of an open repository. */
export type OpenKeys = { readonly open: OpenRepository; readonly keys: ObjectMaintenance };

function isObjectRepository(repository: OpenRepository['repository']): repository is ObjectRepository {
  return repository.kind === 'object';
}

/** Opens a repository for work on its key slots. Throws `UNSUPPORTED` for one that has none. */
export async function openKeys(session: Session, options: RepositoryOption): Promise<OpenKeys> {
  const open = await openRepository(session, options);
  if (isObjectRepository(open.repository)) return { open, keys: open.repository.maintenance };
  throw new SendenseError('UNSUPPORTED', `${open.location} is not encrypted: it has no keys`, {
    operation: 'open-keys',
    remedy: 'name a repository of objects: dir:PATH, s3://… or azure://…',
  });
}

/** The key slots as the command line prints them. */
export function describeSlots(slots: readonly KeySlotInfo[]): Json[] {
  return slots.map(({ id, kind, label }) => ({ id, kind, label }));
}

/** The same for a person. */
export function slotLines(slots: readonly KeySlotInfo[]): string[] {
  return textTable(
    ['ID', 'KIND', 'LABEL'],
    slots.map(({ id, kind, label }) => [id, kind, label]),
  );
}

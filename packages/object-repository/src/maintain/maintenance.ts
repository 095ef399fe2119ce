import type { RepositoryMaintenance } from '@sendense/core';
import type { RepositoryContext } from '../context.ts';
import { deletePoint, prune } from './prune.ts';

/** What needs the right to delete. */
export function openMaintenance(context: RepositoryContext): RepositoryMaintenance {
  return {
    delete: (point, call) => deletePoint(context, point, call),
    prune: (policy, options) => prune(context, policy, options),
  };
}

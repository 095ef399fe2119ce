import type { RepositoryMaintenance } from '@sendense/core';
import type { LocalStore } from '../store/local-store.ts';
import { annotatePoint } from './annotate-point.ts';
import { consolidate } from './consolidate.ts';
import { deletePoint } from './delete-point.ts';
import { prune } from './prune.ts';

/** Maintenance of a local repository: all of it is offered. */
export type LocalMaintenance = Required<RepositoryMaintenance>;

/** Deletions and rewrites of the points of `store`. */
export function openMaintenance(store: LocalStore): LocalMaintenance {
  return {
    delete: (point, call) => deletePoint(store, point, call),
    prune: (policy, options) => prune(store, policy, options),
    consolidate: (request, call) => consolidate(store, request, call),
    annotate: (point, change, call) => annotatePoint(store, point, change, call),
  };
}

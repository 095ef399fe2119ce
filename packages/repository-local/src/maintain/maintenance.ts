import type { LocalStore } from '../store/local-store.ts';
export function openMaintenance(_store: LocalStore): any {
  return undefined;
}

import type { Finding, Keep, ReconcileReport } from '@sendense/core';
import { parseState } from './baseline-state.ts';
import { removeBaselines } from './baselines.ts';
import { parseBitmapName } from './bitmap-name.ts';
import type { SourceContext } from './context.ts';
import type { FoundImages } from './find-images.ts';

/** Whether `keep` leaves the bitmap called `name` without a purpose. */
export function isLeftover(name: string, keep: Keep, now: Date): boolean {
  const made = parseBitmapName(name);
  if (made === undefined || !made.capture.startsWith(keep.owner)) return false;
  if (keep.streams !== undefined && !keep.streams.includes(made.stream)) return false;
  if (keep.captures.includes(made.capture) || now.getTime() - made.at.getTime() < keep.graceMs) return false;
  return !keep.states.some((state) =>
    Object.values(parseState(state)?.disks ?? {}).some(({ bitmap }) => bitmap === name),
  );
}

/** Removes the owner's bitmaps that `keep` does not name. An image that cannot be changed now is a finding. */
export async function reconcileBaselines(
  context: SourceContext,
  found: FoundImages,
  keep: Keep,
): Promise<ReconcileReport> {
  const removed: string[] = [];
  const findings: Finding[] = [];
  const now = context.clock.now();
  for (const path of found.paths) {
    try {
      const names = await removeBaselines(context, path, (name) => isLeftover(name, keep, now));
      removed.push(...names.map((name) => `bitmap ${name} of ${path}`));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      findings.push({ severity: 'warning', code: 'reconcile-failed', message, object: path });
    }
  }
  return { removed, findings };
}

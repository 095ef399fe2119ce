import type { Finding, Keep, ReconcileReport } from '@sendense/core';
import { removeBaselines, removeStaleLocks } from '@sendense/platform-image';
import { isLeftover, parseBitmapName } from '@sendense/plugin-kit/baselines';
import { imageFile, type SourceContext } from './context.ts';
import type { FoundImages } from './find-images.ts';

/** Removes the owner's bitmaps that `keep` does not name, and locks of processes that died. An image that cannot be changed now is a finding. */
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
      const locks = await removeStaleLocks(context, path);
      removed.push(...locks.map((lock) => `lock ${lock}`));
      const names = await removeBaselines(context, imageFile(context, path), (name) => {
        const made = parseBitmapName(name);
        return made !== undefined && isLeftover(made, keep, now);
      });
      removed.push(...names.map((name) => `bitmap ${name} of ${path}`));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      findings.push({ severity: 'warning', code: 'reconcile-failed', message, object: path });
    }
  }
  return { removed, findings };
}

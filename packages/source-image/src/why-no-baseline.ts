import { baselineRefusal, isOurs, qcow2Of } from '@sendense/platform-image';
import type { SourceContext } from './context.ts';
import type { OpenedDisk } from './opened-disk.ts';

/**
 * The most baselines kept in one image: each costs the running machine memory and a little speed. A stream holds two (of
 * its newest point and of its last full) and needs room for the next: enough for three destinations of one disk.
 */
export const MAX_BASELINES = 8;

/** Why no dirty bitmap can be put into the image of `disk`, as a sentence; `undefined` when one can. */
export async function whyNoBaseline(context: SourceContext, disk: OpenedDisk): Promise<string | undefined> {
  if (context.options.track === 'off') return 'change tracking is switched off for this source';
  const ours = qcow2Of(disk.image)?.bitmaps.filter(isOurs) ?? [];
  if (ours.length >= MAX_BASELINES) {
    return `the image holds ${MAX_BASELINES} baselines already; reconcile removes those that nothing needs`;
  }
  return await baselineRefusal(context, disk);
}

import type { MachineSpec } from '@sendense/core';
import { type FoundTag, formatTag, VMWARE_PLATFORM } from '@sendense/platform-vmware';
import type { Outcomes } from './outcomes.ts';

/** What the place of a machine knows of the tags of a point. */
export type TagsThere = {
  /** Those that it has. */
  readonly found: readonly FoundTag[];
  /** Why it has none at all, as a sentence. */
  readonly why?: string;
};

/** The tags that the new machine gets, by category and name as it had them; what it does not get is in `outcomes`. */
export function chooseTags(
  { platform, tags = {} }: Pick<MachineSpec, 'platform' | 'tags'>,
  { found, why }: TagsThere,
  outcomes: Outcomes,
): readonly FoundTag[] {
  const keys = Object.keys(tags);
  if (keys.length === 0) return [];
  const whyNone = platform === VMWARE_PLATFORM ? why : `they are of ${platform}`;
  if (whyNone !== undefined) {
    outcomes.became('tags', tags, null);
    outcomes.tell('warning', 'tags-lost', `the machine gets none of its ${keys.length} tags: ${whyNone}`);
    return [];
  }
  const there = new Map(found.map((tag) => [formatTag(tag), tag]));
  for (const key of keys) outcomes.became(`tags.${key}`, key, there.has(key) ? key : null);
  const missing = keys.filter((key) => !there.has(key));
  if (missing.length > 0) {
    const message = `the machine does not get the tags ${missing.join(', ')}: make them for machines before the restore, or show them to the user`;
    outcomes.tell('warning', 'tags-lost', message);
  }
  return keys.flatMap((key) => there.get(key) ?? []);
}

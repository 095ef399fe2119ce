import { type Call, SendenseError } from '@sendense/core';
import type { VimClient } from '../session/vim-client.ts';
import type { ManagedObject } from '../soap/vim-value.ts';
import { formatTag, type VimTag } from './tag-name.ts';
import {
  attach,
  type CategoryEntry,
  listAttached,
  listCategories,
  listTagsOf,
  readCategories,
  readTagEntries,
} from './tagging-service.ts';

/**
 * The tags of objects, by the id of the object and in the order of their names; of one without tags there is none. A server tells only
 * tags that the user may read: which others there are it does not say. An ESXi on its own has none, and is not asked. Rejects as
 * `VimClient.inAutomation` says.
 */
export async function readTags(
  client: VimClient,
  objects: readonly ManagedObject[],
  call?: Call,
): Promise<ReadonlyMap<string, readonly VimTag[]>> {
  if (client.content.about.kind === 'esxi' || objects.length === 0) return new Map();
  return client.inAutomation(async (ask) => {
    const attached = await listAttached(ask, objects, call);
    const entries = await readTagEntries(ask, [...attached.values()].flat(), call);
    const categories = await readCategories(
      ask,
      entries.map(({ categoryId }) => categoryId),
      call,
    );
    const known = new Map<string, VimTag>();
    for (const { id, name, categoryId } of entries) {
      const category = categories.find((one) => one.id === categoryId)?.name;
      if (category !== undefined) known.set(id, { category, name });
    }
    return new Map([...attached].flatMap(([object, ids]) => taggedBy(object, ids, known)));
  }, call);
}

function taggedBy(
  object: string,
  ids: readonly string[],
  known: ReadonlyMap<string, VimTag>,
): (readonly [string, readonly VimTag[]])[] {
  const tags = ids.flatMap((id) => known.get(id) ?? []);
  const inOrder = tags.toSorted((one, other) => (formatTag(one) < formatTag(other) ? -1 : 1));
  return tags.length === 0 ? [] : [[object, inOrder]];
}

/** A tag of a server that a machine may have. */
export type FoundTag = VimTag & { readonly id: string };

/** Those of `wanted` that the server has, that the user may see, and whose category is for machines. Rejects as {@link readTags}. */
export async function findTags(
  client: VimClient,
  wanted: readonly VimTag[],
  call?: Call,
): Promise<readonly FoundTag[]> {
  if (client.content.about.kind === 'esxi' || wanted.length === 0) return [];
  return client.inAutomation(async (ask) => {
    const names = new Set(wanted.map(({ category }) => category));
    const categories = await readCategories(ask, await listCategories(ask, call), call);
    const found: FoundTag[] = [];
    for (const { id, name: category } of categories.filter(
      (one) => names.has(one.name) && isForMachines(one),
    )) {
      const entries = await readTagEntries(ask, await listTagsOf(ask, id, call), call);
      for (const { id: tag, name } of entries)
        if (wanted.some((one) => one.category === category && one.name === name))
          found.push({ category, name, id: tag });
    }
    return found;
  }, call);
}

function isForMachines({ types }: CategoryEntry): boolean {
  return types.length === 0 || types.includes('VirtualMachine');
}

/** A tag that was not attached, and why. */
export type UnattachedTag = { readonly tag: FoundTag; readonly error: SendenseError };

/**
 * Attaches tags to an object and resolves with those that it did not get, such as a second one of a category that allows one. Those
 * that it has already stay. Rejects when nothing can be asked, and with `ABORTED`.
 */
export async function attachTags(
  client: VimClient,
  object: ManagedObject,
  tags: readonly FoundTag[],
  call?: Call,
): Promise<readonly UnattachedTag[]> {
  if (tags.length === 0) return [];
  return client.inAutomation(async (ask) => {
    const failed: UnattachedTag[] = [];
    for (const tag of tags) {
      try {
        await attach(ask, tag.id, object, call);
      } catch (error) {
        if (!SendenseError.is(error) || error.code === 'ABORTED') throw error;
        failed.push({ tag, error });
      }
    }
    return failed;
  }, call);
}

import { type Call, SendenseError } from '@sendense/core';
import { isGoneThere } from '../automation/index.ts';
import type { VimClient } from '../session/vim-client.ts';
import type { ManagedObject } from '../soap/vim-value.ts';
import { inTagTime } from './in-tag-time.ts';
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
 * tags that the user may read: which others there are it does not say. An ESXi on its own has none, and is not asked. Rejects with
 * `TIMEOUT` when all of it takes longer than two minutes, and as `VimClient.inAutomation` says.
 */
export async function readTags(
  client: VimClient,
  objects: readonly ManagedObject[],
  call?: Call,
): Promise<ReadonlyMap<string, readonly VimTag[]>> {
  if (client.content.about.kind === 'esxi' || objects.length === 0) return new Map();
  return inTagTime(
    client,
    async (ask, own) => {
      const attached = await listAttached(ask, objects, own);
      const entries = await readTagEntries(ask, [...attached.values()].flat(), own);
      const categories = await readCategories(
        ask,
        entries.map(({ categoryId }) => categoryId),
        own,
      );
      const known = new Map<string, VimTag>();
      for (const { id, name, categoryId } of entries) {
        const category = categories.find((one) => one.id === categoryId)?.name;
        if (category !== undefined) known.set(id, { category, name });
      }
      return new Map([...attached].flatMap(([object, ids]) => taggedBy(object, ids, known)));
    },
    call,
  );
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
  return inTagTime(
    client,
    async (ask, own) => {
      const names = new Set(wanted.map(({ category }) => category));
      const categories = await readCategories(ask, await listCategories(ask, own), own);
      const found: FoundTag[] = [];
      for (const { id, name: category } of categories.filter(
        (one) => names.has(one.name) && isForMachines(one),
      )) {
        const entries = await readTagEntries(ask, await listTagsOf(ask, id, own), own);
        for (const { id: tag, name } of entries)
          if (wanted.some((one) => one.category === category && one.name === name))
            found.push({ category, name, id: tag });
      }
      return found;
    },
    call,
  );
}

function isForMachines({ types }: CategoryEntry): boolean {
  return types.length === 0 || types.includes('VirtualMachine');
}

/** A tag that was not attached, and why. */
export type UnattachedTag = { readonly tag: FoundTag; readonly error: SendenseError };

/**
 * Attaches tags to an object and resolves with those that it did not get, such as a second one of a category that allows one. Those
 * that it has already stay. What is not about one tag, as a server that does not answer, keeps the ones behind it from being tried:
 * they are told with the same error. Rejects when nothing can be asked, and with `ABORTED`.
 */
export async function attachTags(
  client: VimClient,
  object: ManagedObject,
  tags: readonly FoundTag[],
  call?: Call,
): Promise<readonly UnattachedTag[]> {
  if (tags.length === 0) return [];
  return inTagTime(
    client,
    async (ask, own) => {
      const failed: UnattachedTag[] = [];
      for (const [index, tag] of tags.entries()) {
        try {
          await attach(ask, tag.id, object, own);
        } catch (error) {
          if (!SendenseError.is(error) || error.code === 'ABORTED') throw error;
          if (!isOfOne(error)) return [...failed, ...tags.slice(index).map((left) => ({ tag: left, error }))];
          failed.push({ tag, error });
        }
      }
      return failed;
    },
    call,
  );
}

/** Whether an error says something of one tag only: the next one may be attached. */
function isOfOne(error: SendenseError): boolean {
  return error.code === 'CONFIG_INVALID' || error.code === 'PERMISSION_DENIED' || isGoneThere(error);
}

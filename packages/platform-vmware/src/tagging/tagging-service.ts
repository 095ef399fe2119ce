import { type Call, SendenseError } from '@sendense/core';
import type { AutomationAsk } from '../automation/index.ts';
import type { ManagedObject } from '../soap/vim-value.ts';
import { readEach } from './read-each.ts';

/** A tag as its vCenter has it. */
export type TagEntry = { readonly id: string; readonly name: string; readonly categoryId: string };

/** A category of tags. */
export type CategoryEntry = {
  readonly id: string;
  readonly name: string;
  /** Types of objects that its tags are for, e.g. `VirtualMachine`; none for all. */
  readonly types: readonly string[];
};

/** Objects of one request. */
const BATCH = 500;

/** A category and a name that are no longer stand in a key of the neutral model, `%` and `/` written as three characters. */
const MAX_TEXT = 255;

/** Ids of the tags of objects, by the id of the object; in requests for up to 500 objects. */
export async function listAttached(
  ask: AutomationAsk,
  objects: readonly ManagedObject[],
  call?: Call,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const attached = new Map<string, readonly string[]>();
  for (let at = 0; at < objects.length; at += BATCH) {
    const object_ids = objects.slice(at, at + BATCH).map(({ type, id }) => ({ type, id }));
    const action = 'list-attached-tags-on-objects';
    const told = await ask(
      { method: 'POST', of: 'tagging/tag-association', action, body: { object_ids } },
      call,
    );
    for (const entry of listOf(told)) {
      const ids = listOf(fieldOf(entry, 'tag_ids')).map(asText);
      attached.set(textIn(fieldOf(entry, 'object_id'), 'id'), ids);
    }
  }
  return attached;
}

/** The tags of ids, without those that are gone. */
export async function readTagEntries(
  ask: AutomationAsk,
  ids: readonly string[],
  call?: Call,
): Promise<readonly TagEntry[]> {
  const read = async (id: string, own: Call): Promise<TagEntry> => {
    const told = await ask({ method: 'GET', of: 'tagging/tag', id }, own);
    return { id, name: textIn(told, 'name'), categoryId: textIn(told, 'category_id') };
  };
  return readEach(ids, read, call);
}

/** The categories of ids, without those that are gone. */
export async function readCategories(
  ask: AutomationAsk,
  ids: readonly string[],
  call?: Call,
): Promise<readonly CategoryEntry[]> {
  const read = async (id: string, own: Call): Promise<CategoryEntry> => {
    const told = await ask({ method: 'GET', of: 'tagging/category', id }, own);
    return { id, name: textIn(told, 'name'), types: listOf(fieldOf(told, 'associable_types')).map(asText) };
  };
  return readEach(ids, read, call);
}

/** Ids of all categories that the user may see. */
export async function listCategories(ask: AutomationAsk, call?: Call): Promise<readonly string[]> {
  return listOf(await ask({ method: 'GET', of: 'tagging/category' }, call)).map(asText);
}

/** Ids of the tags of a category. */
export async function listTagsOf(
  ask: AutomationAsk,
  category: string,
  call?: Call,
): Promise<readonly string[]> {
  const about = { field: 'category_id', id: category };
  const action = 'list-tags-for-category';
  return listOf(await ask({ method: 'POST', of: 'tagging/tag', action, about }, call)).map(asText);
}

/** Attaches a tag to an object; one that is attached already stays so. */
export async function attach(
  ask: AutomationAsk,
  tag: string,
  { type, id }: ManagedObject,
  call?: Call,
): Promise<void> {
  const body = { object_id: { type, id } };
  await ask({ method: 'POST', of: 'tagging/tag-association', id: tag, action: 'attach', body }, call);
}

/** Older servers leave out what is empty. */
function listOf(told: unknown): readonly unknown[] {
  if (told === undefined || told === null) return [];
  if (Array.isArray(told)) return told;
  throw unreadable();
}

function fieldOf(told: unknown, name: string): unknown {
  if (typeof told !== 'object' || told === null) throw unreadable();
  return (told as Readonly<Record<string, unknown>>)[name];
}

function textIn(told: unknown, name: string): string {
  return asText(fieldOf(told, name));
}

/** Ids and names of vCenter are shorter than 256 characters; half of a pair of surrogates has no place in a path. */
function asText(told: unknown): string {
  if (typeof told === 'string' && told !== '' && told.length <= MAX_TEXT && !/\p{Cs}/u.test(told))
    return told;
  throw unreadable();
}

function unreadable(): SendenseError {
  return new SendenseError(
    'PROTOCOL_VIOLATION',
    'the server tells its tags in a way that is not documented',
    {
      operation: 'read-tags',
      effect: 'unknown',
      remedy: 'report this with the version of the server',
    },
  );
}

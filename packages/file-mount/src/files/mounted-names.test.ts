import { expect, it } from 'vitest';
import type { FolderAnswers, FolderQuestion } from './folder-protocol.ts';
import type { FolderReads } from './mounted-folder.ts';
import { MountedNames } from './mounted-names.ts';
import { ROOT } from './node-numbers.ts';

/** Folders that all have the same names, and how often each was listed. */
function sameFolders(...names: readonly string[]): {
  readonly folder: FolderReads;
  readonly lists: string[];
} {
  const lists: string[] = [];
  const answer = {
    names: new Uint8Array(Buffer.from(`\0${names.map((name) => `${name}\0`).join('')}`)),
    types: new Uint8Array(names.length),
  };
  const folder: FolderReads = {
    ask: async <Q extends FolderQuestion>({ place }: Q) => {
      await Promise.resolve();
      lists.push(place.way.map((name) => Buffer.from(name).toString()).join('/'));
      return answer as FolderAnswers[Q['kind']];
    },
  };
  return { folder, lists };
}

const text = (names: readonly Uint8Array[]) => names.map((name) => Buffer.from(name).toString());

it('A node lies where its folder was listed, by the names from the root on', async () => {
  const { folder, lists } = sameFolders('a', 'b');
  const names = new MountedNames(folder);
  const top = await names.list(ROOT);
  const below = await names.list(top.first + 1);
  const place = await names.place(below.first);
  expect(text([...place.way, place.name ?? new Uint8Array()])).toEqual(['b', 'a']);
  expect(lists).toEqual(['', 'b']);
});

it('Names that were let go of are listed again, and have the same numbers', async () => {
  const { folder, lists } = sameFolders('a', 'b');
  const names = new MountedNames(folder, 1);
  const top = await names.list(ROOT);
  const one = await names.list(top.first);
  const other = await names.list(top.first + 1);
  expect((await names.list(top.first)).first).toBe(one.first);
  expect((await names.list(top.first + 1)).first).toBe(other.first);
  expect(lists).toEqual(['', 'a', 'b', 'a', 'b']);
});

it('Folders on the way to the last one are not listed again, however little is kept', async () => {
  const { folder, lists } = sameFolders('a', 'b');
  const names = new MountedNames(folder, 1);
  const walk = async (here: number, depth: number): Promise<void> => {
    const { first } = await names.list(here);
    for (const node of depth === 0 ? [] : [first, first + 1]) {
      expect((await names.place(node)).way).toHaveLength(2 - depth);
      await walk(node, depth - 1);
    }
  };
  await walk(ROOT, 2);
  expect(lists).toEqual(['', 'a', 'a/a', 'a/b', 'b', 'b/a', 'b/b']);
});

it('The names that were asked for last are kept, as many as there is room for', async () => {
  const { byteLength } = (await new MountedNames(sameFolders('a', 'b', 'c').folder).list(ROOT)).names;
  const { folder, lists } = sameFolders('a', 'b', 'c');
  const names = new MountedNames(folder, 3 * byteLength);
  const { first } = await names.list(ROOT);
  for (const index of [0, 1, 0, 1, 2, 1, 2]) await names.list(first + index);
  expect(lists).toEqual(['', 'a', 'b', 'c']);
  await names.list(first);
  expect(lists).toEqual(['', 'a', 'b', 'c', 'a']);
});

it('A folder whose names take all the room is listed once, however many of its files are asked for', async () => {
  const { folder, lists } = sameFolders('a', 'b');
  const names = new MountedNames(folder, 1);
  const outer = await names.list((await names.list(ROOT)).first);
  const inner = await names.list(outer.first + 1);
  for (const index of [0, 1, 0, 1]) {
    const place = await names.place(inner.first + index);
    expect(text(place.way)).toEqual(['a', 'b']);
  }
  expect(lists).toEqual(['', 'a', 'a/b']);
});

it.each([
  ['in another order', ['b', 'a']],
  ['with a name more', ['a', 'b', 'c']],
  ['with another name', ['a', 'c']],
])(
  'A folder that is listed %s the second time is damaged, and no other file is taken for one',
  async (_, others) => {
    const [before, after] = [sameFolders('a', 'b').folder, sameFolders(...others).folder];
    const asked: FolderReads[] = [before, before, before, after];
    const names = new MountedNames({ ask: (question) => (asked.shift() ?? after).ask(question) }, 1);
    const { first } = await names.list(ROOT);
    const below = await names.list(first);
    await names.list(first + 1);
    await expect(names.place(below.first + 1)).rejects.toMatchObject({ code: 'CORRUPT' });
    await expect(names.list(first)).rejects.toMatchObject({ code: 'CORRUPT' });
  },
);

it('Who asks for the same folder at once waits for one list of it', async () => {
  const { folder, lists } = sameFolders('a');
  const names = new MountedNames(folder);
  const all = await Promise.all(Array.from({ length: 50 }, () => names.list(ROOT)));
  expect(new Set(all.map(({ first }) => first)).size).toBe(1);
  expect(lists).toEqual(['']);
});

it('A number that was never given is no file', async () => {
  const names = new MountedNames(sameFolders('a').folder);
  await expect(names.place(7)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

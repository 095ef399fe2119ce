import { expect, it } from 'vitest';
import { type MadeFolder, madeTree } from '../../test/support/made-tree.ts';
import type { FileSystemReader } from '../file-system-reader.ts';
import { walkTree } from './walk-tree.ts';

async function pathsOf(reader: FileSystemReader): Promise<readonly string[]> {
  const paths: string[] = [];
  const begin = await reader.stat(reader.root);
  for await (const { path } of walkTree(reader, begin, ({ message }) => expect.fail(message)))
    paths.push(path);
  return paths;
}

it('A folder comes before what it holds, which comes by its numbers, in whatever order it is listed', async () => {
  const names = ['a', 'b', 'c'];
  const inner: MadeFolder = names.map((name) => [name, name]);
  const made = madeTree(names.map((name) => [name, inner]));
  const reversed: FileSystemReader = {
    ...made,
    async list(...asked) {
      const page = await made.list(...asked);
      return { ...page, entries: page.entries.toReversed() };
    },
  };
  const wanted = ['', ...names.flatMap((outer) => [outer, ...names.map((name) => `${outer}/${name}`)])];
  expect(await pathsOf(made)).toEqual(wanted);
  expect(await pathsOf(reversed)).toEqual(wanted);
});

it('Of a name that a folder lists twice the first one comes, as whoever looks for it finds it, whatever its number', async () => {
  const made = madeTree([
    ['twice', 'lower'],
    ['twice', 'higher'],
    ['once', ''],
  ]);
  const page = await made.list(made.root, { limit: 3 });
  const entries = page.entries.toSorted((one, other) => other.node - one.node);
  const damaged: FileSystemReader = {
    ...made,
    list: async () => ({ ...page, entries }),
    lookup: async (_folder, name) => entries.find((entry) => entry.name === name),
  };
  const told: string[] = [];
  const given: (readonly [string, number])[] = [];
  const begin = await made.stat(made.root);
  for await (const { path, stat } of walkTree(damaged, begin, ({ message }) => told.push(message)))
    if (path !== '') given.push([path, stat.node]);
  const found: (readonly [string, number | undefined])[] = [];
  for (const name of ['twice', 'once'] as const)
    found.push([name, (await damaged.lookup(made.root, name))?.node]);
  expect(given).toEqual(found);
  expect(told).toEqual([expect.stringContaining('its folder names it twice')]);
});

it('Folders are listed in large parts, and in small ones inside of a folder that has many names', async () => {
  const many: MadeFolder = Array.from({ length: 16_000 }, (_, index) => [`name ${index}`, '']);
  const made = madeTree([['folder', [['inner', []], ...many]]]);
  const limits: number[] = [];
  const counted: FileSystemReader = {
    ...made,
    async list(folder, page) {
      limits.push(page.limit);
      return made.list(folder, page);
    },
  };
  expect(await pathsOf(counted)).toHaveLength(16_003);
  expect(limits).toEqual([16_384, 16_383, 1000]);
});

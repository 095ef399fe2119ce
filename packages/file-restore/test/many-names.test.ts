import type { Finding } from '@sendense/core';
import { memoryInUse } from '@sendense/tests/collect-garbage';
import { expect, it } from 'vitest';
import { DistinctPaths } from '../src/archive/distinct-paths.ts';
import type { FileSystemReader } from '../src/file-system-reader.ts';
import { type TreeEntry, walkTree } from '../src/paths/walk-tree.ts';
import { type MadeFolder, madeTree } from './support/made-tree.ts';

const MIB = 2 ** 20;
const NAMES = 100_000;
const LONG = 'n'.repeat(240);

/** A file system whose root has any number of files with long names, which it makes as they are listed. */
async function folderOf(names: number): Promise<FileSystemReader> {
  const made = madeTree([['file', '']]);
  const root = await made.stat(made.root);
  const { node } = (await made.lookup(made.root, 'file')) ?? expect.fail('no file');
  return {
    ...made,
    stat: async (asked) => (asked === made.root ? root : made.stat(node)),
    async list(_folder, { from, limit }) {
      const begin = Number(from ?? 0);
      const end = Math.min(names, begin + limit);
      const nameAt = (index: number): string => Buffer.from(`${begin + index} ${LONG}`).toString();
      const entries = Array.from({ length: end - begin }, (_, index) => ({
        name: nameAt(index),
        node,
        type: undefined,
      }));
      return { entries, next: end < names ? String(end) : undefined, findings: [] };
    },
  };
}

it('What is kept in mind of the names of a folder does not grow with their length', async () => {
  const reader = await folderOf(NAMES);
  const begin = await reader.stat(reader.root);
  const distinct = new DistinctPaths('.');
  const before = memoryInUse();
  let [seen, after] = [0, 0];
  for await (const entry of walkTree(reader, begin, ({ message }) => expect.fail(message))) {
    expect(distinct.next(entry).alike).toBeUndefined();
    seen += 1;
    if (seen === NAMES) after = memoryInUse();
  }
  expect(seen).toBe(NAMES + 1);
  expect(after - before).toBeLessThan(16 * MIB);
}, 60_000);

async function walk(
  tree: MadeFolder,
  mostNames: number,
): Promise<{ readonly paths: string[]; readonly told: Finding[] }> {
  const reader = madeTree(tree);
  const told: Finding[] = [];
  const paths: string[] = [];
  const begin = await reader.stat(reader.root);
  const onFinding = (finding: Finding): void => void told.push(finding);
  for await (const { path } of walkTree(reader, begin, onFinding, undefined, { mostNames })) paths.push(path);
  return { paths, told };
}

it('The rest of a folder is left out and told where folders under way have too many names', async () => {
  const few = ['a', 'b'].map((name) => [name, ''] as const);
  const many = ['a', 'b', 'c', 'd', 'e'].map((name) => [name, ''] as const);
  const tree = [
    ['1', few],
    ['2', many],
    ['3', few],
  ] as const;
  const { paths, told } = await walk(tree, 5);
  expect(paths).toEqual(['', '1', '1/a', '1/b', '2', '2/a', '2/b', '2/c', '3', '3/a', '3/b']);
  expect(told).toMatchObject([{ severity: 'error', code: 'file-left-out', object: '2' }]);
  expect(told[0]?.message).toContain('the rest of "2" is left out');
  expect((await walk(tree, 7)).told).toEqual([]);
});

it('A name that is alike to one of which the text is not kept any more is told and changed all the same', async () => {
  const reader = madeTree([
    ['folder', []],
    ['link', { link: '/' }],
  ]);
  const [folder, link] = await Promise.all(
    ['folder', 'link'].map(async (name) => {
      const { node } = (await reader.lookup(reader.root, name)) ?? expect.fail(name);
      return reader.stat(node);
    }),
  );
  const entry = (name: string, stat = folder): TreeEntry => ({
    path: name,
    name,
    depth: 1,
    stat: stat ?? expect.fail(name),
  });
  const distinct = new DistinctPaths('.', 72);
  distinct.next({ ...entry(''), depth: 0 });
  const given = [entry('abc'), entry('defg'), entry('ABC'), entry('DEFG', link)].map((next) =>
    distinct.next(next),
  );
  expect(given.map(({ path }) => path)).toEqual(['./abc', './defg', './ABC', './DEF%47']);
  expect(given.map(({ alike }) => alike)).toEqual([
    undefined,
    undefined,
    { first: 'abc', isLinked: false },
    { first: undefined, isLinked: true },
  ]);
});

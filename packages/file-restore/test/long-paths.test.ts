import type { Finding } from '@sendense/core';
import { expect, it } from 'vitest';
import { walkTree } from '../src/paths/walk-tree.ts';
import { type MadeFolder, madeTree } from './support/made-tree.ts';

const NAME = 'n'.repeat(255);
/** As many folders with that name as one path may have. */
const FOLDERS = 128;

/** Folders inside of one another, the last of which holds `last`. */
function chain(folders: number, last: MadeFolder): MadeFolder {
  let tree = last;
  for (let depth = 0; depth < folders; depth += 1) tree = [[NAME, tree]];
  return tree;
}

async function walk(tree: MadeFolder): Promise<{ readonly paths: string[]; readonly told: Finding[] }> {
  const reader = madeTree(tree);
  const told: Finding[] = [];
  const paths: string[] = [];
  const begin = await reader.stat(reader.root);
  for await (const { path } of walkTree(reader, begin, (finding) => void told.push(finding)))
    paths.push(path);
  return { paths, told };
}

it('A path of 32,767 characters is walked, one of a character more is left out', async () => {
  const names = ['a', 'b'.repeat(255), 'c'.repeat(256), 'd'];
  const { paths, told } = await walk(
    chain(
      FOLDERS - 1,
      names.map((name) => [name, '']),
    ),
  );
  expect(paths.slice(FOLDERS).map((path) => path.slice((FOLDERS - 1) * 256))).toEqual([
    'a',
    'b'.repeat(255),
    'd',
  ]);
  expect(told).toHaveLength(1);
});

it('What lies behind a longer path is left out, and told by the begin and the end of the path', async () => {
  const many = Array.from({ length: 100 }, (_, index) => [`file ${index}`, ''] as const);
  const { paths, told } = await walk([['before', ''], ...chain(2000, many), ['behind', '']]);
  expect(paths).toHaveLength(1 + 1 + FOLDERS + 1);
  expect(paths.at(-1)).toBe('behind');
  expect(told).toMatchObject([{ severity: 'error', code: 'file-left-out' }]);
  expect(told[0]?.message.length).toBeLessThan(2000);
  expect(told[0]?.object).toMatch(/^n{255}\/n+ … n+\/n{255}$/u);
});

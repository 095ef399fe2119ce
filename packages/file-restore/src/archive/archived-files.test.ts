import { describe, expect, it } from 'vitest';
import { ArchivedFiles } from './archived-files.ts';

describe('The files that an archive came by', () => {
  it('link each other name to the first one, and tell those that are more than the file says to have', () => {
    const files = new ArchivedFiles();
    const file = { node: 7, links: 2 };
    expect(files.meet(file)).toBeUndefined();
    files.add(file, 'first');
    expect(files.meet(file)).toEqual({ path: 'first', isTooMany: false });
    expect(files.meet(file)).toEqual({ path: 'first', isTooMany: true });
  });

  it('tell other names of a file that was left out', () => {
    const files = new ArchivedFiles();
    files.addLeftOut(7);
    expect(files.meet({ node: 7, links: 2 })).toBe('left-out');
    expect(files.meet({ node: 8, links: 2 })).toBeUndefined();
  });

  it('forget first those of which all names were met, and know of each later name that it is one', () => {
    const files = new ArchivedFiles(3);
    files.add({ node: 1, links: 2 }, 'one');
    files.meet({ node: 1, links: 2 });
    files.add({ node: 2, links: 2 }, 'two');
    files.add({ node: 3, links: 1 }, 'three');
    files.add({ node: 4, links: 1 }, 'four');
    expect(files.meet({ node: 4, links: 1 })).toBe('forgotten');
    for (const node of [5, 6, 7]) files.add({ node, links: 2 }, `file ${node}`);
    expect([1, 3, 7].map((node) => files.meet({ node, links: 2 }))).toEqual(Array(3).fill('forgotten'));
    for (const [node, path] of [
      [2, 'two'],
      [5, 'file 5'],
      [6, 'file 6'],
    ] as const)
      expect(files.meet({ node, links: 2 })).toEqual({ path, isTooMany: false });
  });

  it('take no more than so many characters, however long their paths are', () => {
    const files = new ArchivedFiles(100, 50);
    const path = (node: number): string => String(node).repeat(20);
    files.add({ node: 1, links: 1 }, path(1));
    files.add({ node: 2, links: 2 }, path(2));
    // without a name to come no other is forgotten for it
    files.add({ node: 3, links: 1 }, path(3));
    expect(files.meet({ node: 3, links: 1 })).toBe('forgotten');
    files.add({ node: 4, links: 2 }, path(4));
    files.add({ node: 5, links: 2 }, path(5));
    const known = [1, 2, 4, 5].map((node) => files.meet({ node, links: 2 }));
    expect(known).toEqual([
      'forgotten',
      { path: path(2), isTooMany: false },
      { path: path(4), isTooMany: false },
      'forgotten',
    ]);
    // names of these two were all met: both go for one that is long
    files.add({ node: 6, links: 2 }, '6'.repeat(50));
    expect([2, 4, 6].map((node) => files.meet({ node, links: 2 }))).toEqual([
      'forgotten',
      'forgotten',
      { path: '6'.repeat(50), isTooMany: false },
    ]);
  });

  it('stay few, however many say that they have other names', () => {
    const files = new ArchivedFiles(2);
    for (let node = 0; node < 100_000; node += 1) files.add({ node, links: 2 }, `file ${node}`);
    const known = Array.from({ length: 100_000 }, (_, node) => files.meet({ node, links: 2 }));
    expect(known.filter((other) => other !== 'forgotten')).toHaveLength(2);
  });
});

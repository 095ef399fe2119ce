import type { Finding } from '@sendense/core';
import { seededInteger, seededRandom } from '@sendense/testkit';
import { testSeed } from '@sendense/tests/scale';
import { describe, expect, it } from 'vitest';
import type { ArchiveRequest } from '../src/archive/archive-entries.ts';
import { tarTree } from '../src/archive/tar-tree.ts';
import { zipTree } from '../src/archive/zip-tree.ts';
import { type MadeFolder, madeTree } from './support/made-tree.ts';

const DIRECTORY_RECORD = Buffer.from('PK\x01\x02', 'latin1');
const TYPE_BITS = 0o170_000;
const LINK_BITS = 0o120_000;
const OUT = { link: '/outside' } as const;
/** Of which names are made that meet each other by a bad rule. */
const PARTS = [
  'a',
  'A',
  ':',
  '?',
  '_',
  '%61',
  '%41',
  '%',
  '.',
  '%2e',
  '%2E',
  '\\',
  '%5c',
  '%5C',
  'é',
  'e\u0301',
];

/** An archive of the tree, and what was told of it: codes with the names they are about. */
async function archive(
  tree: MadeFolder,
  format: (request: ArchiveRequest) => AsyncIterable<Uint8Array>,
): Promise<{ readonly bytes: Buffer; readonly told: string[] }> {
  const reader = madeTree(tree);
  const told: string[] = [];
  const onFinding = ({ severity, code, object }: Finding): void =>
    void told.push(`${severity} ${code} ${object}`);
  const begin = await reader.stat(reader.root);
  const parts: Uint8Array[] = [];
  for await (const piece of format({ reader, begin, name: '.', volumeBytes: 0, onFinding }))
    parts.push(piece);
  return { bytes: Buffer.concat(parts), told };
}

/** What the directory of a zip names, in its order. */
async function zipped(tree: MadeFolder) {
  const { bytes, told } = await archive(tree, zipTree);
  const entries: { readonly name: string; readonly isLink: boolean }[] = [];
  for (let at = bytes.indexOf(DIRECTORY_RECORD); at !== -1; at = bytes.indexOf(DIRECTORY_RECORD, at + 1))
    entries.push({
      name: bytes.toString('utf8', at + 46, at + 46 + bytes.readUInt16LE(at + 28)),
      isLink: (bytes.readUInt16LE(at + 40) & TYPE_BITS) === LINK_BITS,
    });
  return { entries, names: entries.map(({ name }) => name), told };
}

describe('names of one folder that are one name on Windows or macOS', () => {
  it.each([
    ['case', 'A', 'a'],
    ['a dot at the end', 'a', 'a.'],
    ['blanks at the end', 'a', 'a  '],
    ['how a letter is composed', 'é', 'e\u0301'],
    ['characters that nobody sees', 'a', 'a\u200c'],
    ['case of other letters', 'ÀΣ', 'àς'],
    ['a colon that Windows does not take', 'ab:c', 'ab_c'],
    ['other characters that it does not take', '<a>|"*?', '_a_____'],
  ])('are told where they differ by %s, and kept', async (_, first, second) => {
    const { names, told } = await zipped([
      [first, 'one'],
      [second, 'two'],
    ]);
    expect(names).toEqual([first, second]);
    expect(told).toEqual([`info names-alike ./${second}`]);
  });

  it('never lead through a link in a zip: the later one gets another name, with all that lies below it', async () => {
    const linkFirst = await zipped([
      ['A', OUT],
      ['a', [['file', '']]],
      ['a.', 'more'],
    ]);
    expect(linkFirst.names).toEqual(['A', '%61/', '%61/file', 'a%252E']);
    expect(linkFirst.told).toEqual([
      'warning names-alike ./a',
      'warning name-changed ./a',
      'warning names-alike ./a.',
      'warning name-changed ./a.',
    ]);
    const folderFirst = await zipped([
      ['a', [['file', '']]],
      ['A', OUT],
    ]);
    expect(folderFirst.names).toEqual(['a/', 'a/file', '%41']);
  });

  it('never meet a link by the name that they got, whatever else the folder holds', async () => {
    const random = seededRandom(testSeed());
    const part = (): string => PARTS[seededInteger(random, PARTS.length)] ?? '';
    const folded = (name: string): string =>
      name
        .normalize('NFC')
        .toLowerCase()
        .replace(/[:?]/gu, '_')
        .replace(/[. ]+$/u, '');
    for (let round = 0; round < 400; round += 1) {
      const names = new Set(Array.from({ length: 8 }, () => `${part()}${part()}${part()}`));
      const tree = [...names]
        .filter((name) => !/^\.+$/u.test(name))
        .map((name) => [name, seededInteger(random, 2) === 0 ? OUT : ''] as const);
      const { entries } = await zipped(tree);
      expect(new Set(entries.map(({ name }) => name)).size, JSON.stringify(tree)).toBe(tree.length);
      for (const { name } of entries.filter(({ isLink }) => isLink))
        expect(
          entries.filter((other) => folded(other.name) === folded(name)),
          JSON.stringify(tree),
        ).toHaveLength(1);
    }
  });

  it('are told of a tar, which keeps them', async () => {
    const { bytes, told } = await archive(
      [
        ['A', OUT],
        ['a', [['file', '']]],
      ],
      tarTree,
    );
    expect(told).toEqual(['warning names-alike ./a']);
    expect(bytes.includes('./a/file')).toBe(true);
  });

  it('are other names in other folders', async () => {
    const { told } = await zipped([
      ['A', [['b', '']]],
      [
        'c',
        [
          ['B', ''],
          ['a', OUT],
        ],
      ],
    ]);
    expect(told).toEqual([]);
  });
});

import { expect, it } from 'vitest';
import { FolderNames } from './folder-names.ts';

function namesOf(...names: readonly (string | Uint8Array)[]): FolderNames {
  const parts = names.map((name) => (typeof name === 'string' ? Buffer.from(name) : Buffer.from(name)));
  const nul = Buffer.from([0]);
  const joined = Buffer.concat([nul, ...parts.flatMap((part) => [part, nul])]);
  return new FolderNames({ names: new Uint8Array(joined), types: new Uint8Array(names.length).fill(1) });
}

it('Each name is found where it stands, also one that begins like another or is no UTF-8', () => {
  const names = namesOf('a', 'ab', 'b', Uint8Array.of(0x66, 0xff), 'ü');
  expect(names.count).toBe(5);
  expect(Array.from({ length: 5 }, (_, index) => names.indexOf(names.name(index)))).toEqual([0, 1, 2, 3, 4]);
  expect(names.name(3)).toBe('f\u{dcff}');
});

it('What is no name of the folder is not found: parts of names, none, and two of them joined', () => {
  const names = namesOf('ab', 'b', 'cd');
  for (const name of ['a', 'c', 'd', '', 'B', 'b\0cd', '.', '..']) expect(names.indexOf(name)).toBe(-1);
  expect(namesOf().indexOf('a')).toBe(-1);
});

it('The bytes of a name have no more memory than they need: all of it goes along to another thread', () => {
  const { byteLength, buffer } = namesOf('first', 'second').bytes(1);
  expect([byteLength, buffer.byteLength]).toEqual([6, 6]);
});

import { expect, it } from 'vitest';
import { Fields } from '../bytes/fields.ts';
import { parseReparsePoint } from './reparse-point.ts';

const TAG = { mountPoint: 0xa000_0003, link: 0xa000_000c, wsl: 0xa000_001d };

/** A point whose data are numbers of 16 bits and a text. */
function point(tag: number, numbers: readonly number[], text: Buffer): Buffer {
  const bytes = Buffer.alloc(8 + numbers.length * 2 + text.byteLength);
  bytes.writeUInt32LE(tag, 0);
  bytes.writeUInt16LE(bytes.byteLength - 8, 4);
  for (const [index, value] of numbers.entries()) bytes.writeUInt16LE(value, 8 + 2 * index);
  bytes.set(text, 8 + numbers.length * 2);
  return bytes;
}

function wide(text: string): Buffer {
  return Buffer.from(text, 'utf16le');
}

it('Relative targets get slashes, absolute ones stay as Windows writes them', () => {
  const relative = wide('..\\a\\b');
  const parse = (bytes: Buffer) => parseReparsePoint(new Fields(bytes));
  expect(parse(point(TAG.link, [0, relative.byteLength, 0, 0, 1, 0], relative))).toEqual({
    kind: 'link',
    target: '../a/b',
  });
  const volume = wide('\\??\\Volume{0}\\x');
  expect(parse(point(TAG.mountPoint, [0, volume.byteLength, 0, 0], volume))).toEqual({
    kind: 'link',
    target: 'Volume{0}\\x',
  });
  expect(parse(point(TAG.wsl, [2, 0], Buffer.from('é/x')))).toEqual({ kind: 'link', target: 'é/x' });
});

it('The target is the part of the text that the point names', () => {
  const text = wide('shown\\??\\C:\\real');
  expect(
    parseReparsePoint(new Fields(point(TAG.mountPoint, [10, text.byteLength - 10, 0, 10], text))),
  ).toEqual({
    kind: 'link',
    target: 'C:\\real',
  });
});

it.each([
  ['no header', Buffer.alloc(7)],
  ['less data than it says', point(TAG.link, [], Buffer.alloc(0)).fill(9, 4, 5)],
  ['no target', point(TAG.mountPoint, [0, 0, 0, 0], wide('x'))],
  ['a target behind its end', point(TAG.mountPoint, [2, 4, 0, 0], wide('x'))],
  ['no room for a target', point(TAG.link, [0, 2], Buffer.alloc(0))],
  ['no target of WSL', point(TAG.wsl, [2, 0], Buffer.alloc(0))],
  ['no version of WSL', point(TAG.wsl, [2], Buffer.alloc(0))],
])('A point with %s is damage', (_, bytes) => {
  expect(() => parseReparsePoint(new Fields(bytes))).toThrow(expect.objectContaining({ code: 'CORRUPT' }));
});

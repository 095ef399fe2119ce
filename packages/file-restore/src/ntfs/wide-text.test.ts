import { expect, it } from 'vitest';
import { encodeName } from '../paths/entry-name.ts';
import { wideText } from './wide-text.ts';

it('Text of whole characters is given as it is', () => {
  expect(wideText(Buffer.from('ünïcödé 文件 🗂', 'utf16le'))).toBe('ünïcödé 文件 🗂');
  expect(wideText(new Uint8Array(0))).toBe('');
});

it('Halves of pairs keep apart, and give the bytes that UTF-8 would have for them', () => {
  const names = ['a\ud800b', 'a\ud801b', 'a\udc80b', 'a\udcffb'].map((name) =>
    wideText(Buffer.from(name, 'utf16le')),
  );
  expect(new Set(names).size).toBe(names.length);
  const bytes = names.map((name) => Buffer.from(encodeName(name)).toString('hex'));
  expect(bytes).toEqual(['61eda08062', '61eda08162', '61edb28062', '61edb3bf62']);
});

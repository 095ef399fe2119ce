import { expect, it } from 'vitest';
import { textTable } from './text-table.ts';

it('aligns columns, numbers to the right, and leaves no blanks at the end', () => {
  expect(
    textTable(
      ['NAME', 'SIZE', ''],
      [
        ['a', '5 B', 'x'],
        ['long name', '10 B', ''],
      ],
    ),
  ).toEqual(['NAME       SIZE', 'a           5 B  x', 'long name  10 B']);
  expect(textTable(['NAME'], [])).toEqual(['NAME']);
});

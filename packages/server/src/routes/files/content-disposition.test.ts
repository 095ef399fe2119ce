import { expect, it } from 'vitest';
import { contentDisposition } from './content-disposition.ts';

it.each([
  ['notes.txt', 'notes.txt', 'notes.txt'],
  ['two words', 'two words', 'two%20words'],
  ['a"b;c', 'a_b;c', 'a%22b%3Bc'],
  ['ünï 文件', '_n_ __', '%C3%BCn%C3%AF%20%E6%96%87%E4%BB%B6'],
  ['..\\..\\evil', '.._.._evil', '.._.._evil'],
  ['x\r\nSet-Cookie: a=b', 'x__Set-Cookie: a=b', 'x__Set-Cookie%3A%20a%3Db'],
  ['gpj\u202e.exe', 'gpj_.exe', 'gpj_.exe'],
  ['m\udcfcll', 'm_ll', 'm%EF%BF%BDll'],
  ['100%41', '100_41', '100%2541'],
])('a file named %j is saved under a plain name', (name, ascii, extended) => {
  expect(contentDisposition(name)).toBe(`attachment; filename="${ascii}"; filename*=UTF-8''${extended}`);
});

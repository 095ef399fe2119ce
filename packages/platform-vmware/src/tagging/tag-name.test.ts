import { describe, expect, it } from 'vitest';
import { formatTag, parseTag } from './tag-name.ts';

describe('a tag as points hold it', () => {
  it.each([
    ['owner', 'web', 'owner/web'],
    ['a/b', 'c/d', 'a%2fb/c/d'],
    ['100%', '%2f', '100%25/%2f'],
  ])('of the category %s and the name %s is %s, for ever', (category, name, text) => {
    expect(formatTag({ category, name })).toBe(text);
    expect(parseTag(text)).toEqual({ category, name });
  });

  it('is read as it was written, whatever its names', () => {
    const names = [
      '/',
      '%',
      '%2f',
      '%2F',
      '%25',
      '%252f',
      'a/b',
      '//',
      '/%',
      ' ',
      '"',
      'ü',
      '\u{1f600}',
      '__proto__',
    ];
    for (const category of names)
      for (const name of names) expect(parseTag(formatTag({ category, name }))).toEqual({ category, name });
  });

  it.each(['', 'owner', '/web', 'owner/'])('is not %o', (text) => {
    expect(parseTag(text)).toBeUndefined();
  });
});

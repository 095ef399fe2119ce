import { seededInteger, seededRandom } from '@sendense/testkit';
import { testSeed } from '@sendense/tests/scale';
import { describe, expect, it } from 'vitest';
import { zipName } from './zip-name.ts';

/** Characters of which names are made that meet each other by a bad rule. */
const PARTS = ['\\', ':', '.', ' ', '/', '%', '5', 'C', '2', '0', 'E', '3', 'A', '%5C', '%25', '%2E', 'é'];

describe('the name of an entry of a zip', () => {
  it.each([
    ['etc/passwd', 'etc/passwd'],
    ['..\\..\\windows\\evil', '..%5C..%5Cwindows%5Cevil'],
    ['C:/evil', 'C%3A/evil'],
    ['C:evil', 'C%3Aevil'],
    ['man/Foo::Bar.3pm', 'man/Foo::Bar.3pm'],
    ['a/.. /b', 'a/..%20/b'],
    ['a/.../b', 'a/..%2E/b'],
    ['a/. .', 'a/. %2E'],
    ['.hidden/..x', '.hidden/..x'],
    ['100%/50%5C', '100%/50%255C'],
    ['50%5c', '50%255c'],
    ['dev-disk-by\\x2duuid', 'dev-disk-by%5Cx2duuid'],
  ])('%j is %j', (path, name) => {
    expect(zipName(path)).toBe(name);
  });

  it('is another one, byte for byte, for each path, and none leads up or to a drive', () => {
    const random = seededRandom(testSeed());
    const paths = new Map<string, string>();
    for (let round = 0; round < 50_000; round += 1) {
      const length = 1 + seededInteger(random, 6);
      const path = Array.from({ length }, () => PARTS[seededInteger(random, PARTS.length)]).join('');
      const parts = path.split('/');
      if (parts.some((part) => part === '' || part === '.' || part === '..')) continue;
      const name = zipName(path);
      expect(paths.get(name) ?? path).toBe(path);
      paths.set(name, path);
      expect(name).not.toMatch(/\\|^\/|^[A-Za-z]:/u);
      expect(name.split('/')).toHaveLength(parts.length);
      for (const part of name.split('/')) expect(part).not.toMatch(/^[. ]*$/u);
    }
    expect(paths.size).toBeGreaterThan(5000);
  });
});

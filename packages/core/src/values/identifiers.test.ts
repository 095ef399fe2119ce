import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { machineKeyOf } from '../machine/machine-ref.ts';
import { diskId, instantId, machineKey, pointId, uuidV5 } from './identifiers.ts';

const INVALID = expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error;

describe('identifiers', () => {
  it('takes what is safe in a file or object name', () => {
    for (const text of ['a', '0', 'inst-2026.10:04_x', 'A'.repeat(128)]) expect(instantId(text)).toBe(text);
  });

  it('refuses anything that could leave a folder or confuse a name', () => {
    for (const text of ['', '.', '..', '../x', 'a/b', 'a\\b', '-x', ' a', 'a\n', 'ä', 'A'.repeat(129)])
      expect(() => pointId(text)).toThrow(INVALID);
  });

  it('never takes a path separator, whatever is around it', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('/', '\\', '\0'), fc.string(), (before, separator, after) => {
        expect(() => pointId(before + separator + after)).toThrow(INVALID);
      }),
      { seed: 20_261_121 },
    );
  });

  it("takes a platform's disk identity of printable characters", () => {
    expect(diskId('/dev/disk/by-id/ü x')).toBe('/dev/disk/by-id/ü x');
    for (const text of ['', 'a\u0000b', 'a\nb', '\u007f', 'x'.repeat(257)])
      expect(() => diskId(text)).toThrow(INVALID);
  });

  it('takes only a lower-case UUID as machine key', () => {
    expect(machineKey('5b0c9c1e-6f0e-4d55-9a43-8f7b6a1f0a2d')).toBe('5b0c9c1e-6f0e-4d55-9a43-8f7b6a1f0a2d');
    for (const text of ['5B0C9C1E-6F0E-4D55-9A43-8F7B6A1F0A2D', 'x', ''])
      expect(() => machineKey(text)).toThrow(INVALID);
  });

  it('makes UUIDv5 as RFC 9562 does', () => {
    // Appendix A.4: namespace DNS, name www.example.com.
    expect(uuidV5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com')).toBe(
      '2ed6657d-e927-568b-95e1-2665a8aea6a2',
    );
  });

  it('derives the same key for the same machine and another for each connection and id', () => {
    const key = machineKeyOf({ connection: 'image', id: '/a' });
    expect(machineKeyOf({ connection: 'image', id: '/a' })).toBe(key);
    expect(machineKeyOf({ connection: 'qemu', id: '/a' })).not.toBe(key);
    expect(machineKeyOf({ connection: 'image', id: '/b' })).not.toBe(key);
    // Frozen: a change would orphan every repository.
    expect(key).toBe('65f6b2dc-2017-5586-9c2d-e1b2798e4797');
  });
});

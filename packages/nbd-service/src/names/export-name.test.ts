import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exportName, type NamedDisk } from './export-name.ts';

const point: NamedDisk = {
  contextId: 'ctx-web-20261004',
  disk: 0,
  kind: 'full',
  at: new Date('2026-10-04T12:34:56.789Z'),
  pointId: 'p1',
};
const FORM = /^backup-[A-Za-z0-9._-]+-disk\d+-(full|incr)-\d{8}T\d{6}$/;

/** Ids that break names: empty, long, of other scripts, halves of surrogates, control characters, names of exports. */
const contextIds = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ maxLength: 300 }),
  fc.stringMatching(/^[A-Za-z0-9._-]{0,80}$/),
  fc.constantFrom('', '../../etc/passwd', 'a\0b', '\ud800', 'x'.repeat(5000), 'disk0-full-20261004T123456'),
  fc.uuid(),
);
const disks = fc.record({
  contextId: contextIds,
  disk: fc.oneof(fc.nat(9), fc.integer({ min: 0, max: 0xffff_ffff })),
  kind: fc.constantFrom('full' as const, 'incr' as const),
  at: fc.date({
    min: new Date('0000-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59Z'),
    noInvalidDate: true,
  }),
  pointId: fc.string({ minLength: 1, maxLength: 20 }),
});

describe('the name of an export', () => {
  it('is as people read it', () => {
    expect(exportName(point)).toBe('backup-ctx-web-20261004-disk0-full-20261004T123456');
    expect(exportName({ ...point, disk: 12, kind: 'incr' })).toBe(
      'backup-ctx-web-20261004-disk12-incr-20261004T123456',
    );
  });

  it('keeps the beginning of a key that is too long', () => {
    const name = exportName({ ...point, contextId: '0f8fad5b-d9cb-469f-a165-70867728950e' });
    expect(name).toMatch(/^backup-0f8fad5b-d9cb-46_[0-9a-f]{12}-disk0-full-20261004T123456$/);
    expect(name).toHaveLength(63);
  });

  it('has fewer than 64 characters and its form, whatever the id', () => {
    fc.assert(
      fc.property(disks, (disk) => {
        const name = exportName(disk);
        expect(name.length).toBeLessThan(64);
        expect(name).toMatch(FORM);
      }),
      { seed: 20261122, numRuns: 2000 },
    );
  });

  it('is another one for another id, also where only one character or the case of what is cut off differs', () => {
    const pairs = fc.tuple(disks, contextIds).chain(([disk, other]) => {
      const near = fc.constantFrom(
        `${disk.contextId} `,
        `${disk.contextId}é`,
        disk.contextId.toUpperCase(),
        other,
      );
      return fc.tuple(fc.constant(disk), near);
    });
    fc.assert(
      fc.property(pairs, ([disk, contextId]) => {
        fc.pre(contextId !== disk.contextId);
        expect(exportName({ ...disk, contextId })).not.toBe(exportName(disk));
      }),
      { seed: 20261122, numRuns: 2000 },
    );
  });

  it('of an id that looks like a shortened one is not that of the other', () => {
    const long = { ...point, contextId: 'x'.repeat(100) };
    const shortened = /^backup-(.*)-disk0/.exec(exportName(long))?.[1] ?? '';
    expect(shortened).toContain('_');
    expect(exportName({ ...point, contextId: shortened })).not.toBe(exportName(long));
  });

  it('is never one that is taken, however many exports points of one second have', () => {
    const taken = new Set<string>();
    for (const pointId of ['p1', 'p1', 'p1', 'p2', 'p3', 'p3']) {
      const name = exportName({ ...point, pointId }, (candidate) => taken.has(candidate));
      expect(name.length).toBeLessThan(64);
      expect(name).toMatch(FORM);
      taken.add(name);
    }
    expect(taken.size).toBe(6);
  });

  it('is refused for what is no disk number and no instant', () => {
    for (const wrong of [{ disk: -1 }, { disk: 1.5 }, { disk: 2 ** 40 }, { at: new Date(Number.NaN) }])
      expect(() => exportName({ ...point, ...wrong })).toThrow('an export cannot be named');
  });
});

import { pointId, repositoryId, SendenseError } from '@sendense/core';
import { seededBytes } from '@sendense/testkit';
import { describe, expect, it } from 'vitest';
import {
  type CursorScope,
  type CursorState,
  MOST_DIGESTS,
  parseCursor,
  serializeCursor,
  shortDigest,
} from './verify-cursor.ts';

const keys = { name: new Uint8Array(32).fill(1) };
const scope: CursorScope = { repository: repositoryId('r'), keys, depth: 'data' };
const state: CursorState = {
  sample: 0.25,
  seed: 2 ** 32 - 1,
  errors: 3,
  checked: new Set([shortDigest('a'), shortDigest('b')]),
  hurt: new Set([shortDigest('b')]),
  doubted: new Set(['0123456789abcdef'.repeat(2)]),
  directories: { checked: new Set([shortDigest('x')]), begun: { [shortDigest('y')]: 5 }, wasDone: true },
  within: { point: shortDigest('c'), root: 1, chunk: 77, hurt: true, doubts: shortDigest('d') },
};

function refusal(text: string, of: CursorScope = scope): string {
  try {
    parseCursor(text, of);
  } catch (error) {
    if (SendenseError.is(error, 'CONFIG_INVALID')) return error.message;
    throw error;
  }
  return 'it was taken';
}

describe('a cursor of a verification', () => {
  const text = serializeCursor(scope, state);

  it('says how far it was, in text that needs no quotes', () => {
    expect(text).toMatch(/^[\w.-]+$/);
    expect(parseCursor(text, scope)).toEqual(state);
    expect(parseCursor(`${text}\n`, { ...scope, sample: 0.25 })).toEqual(state);
    const none = { checked: new Set<string>(), hurt: new Set<string>(), doubted: null };
    const empty = { ...state, ...none, directories: null, within: null };
    expect(parseCursor(serializeCursor(scope, empty), scope)).toEqual(empty);
  });

  it.each<[string, CursorScope]>([
    ['repository', { ...scope, repository: repositoryId('s') }],
    ['depth', { ...scope, depth: 'structure' }],
    ['choice of points', { ...scope, points: [pointId('a')] }],
    ['beginning', { ...scope, after: pointId('a') }],
  ])('is refused for another %s', (_what, other) => {
    expect(refusal(text, other)).toContain('another');
  });

  it('is refused for another sample', () => {
    expect(refusal(text, { ...scope, sample: 0.5 })).toContain('reads 0.25 of the data, not 0.5');
  });

  it('counts the same points in any order as the same', () => {
    const points = [pointId('b'), pointId('a')];
    const made = serializeCursor({ ...scope, points }, state);
    expect(parseCursor(made, { ...scope, points: points.toReversed() })).toEqual(state);
  });

  it('is refused when a character of it is another one, missing or more', () => {
    const random = seededBytes(7, 3 * text.length);
    for (const at of Array.from(text, (_, index) => index)) {
      const other = 'Aa0-_.!é'[(random[at] ?? 0) % 8] ?? '';
      const changed = text.slice(0, at) + (other === text[at] ? 'Z' : other) + text.slice(at + 1);
      for (const wrong of [changed, text.slice(0, at), `${text.slice(0, at)}~${text.slice(at)}`])
        expect({ wrong, refused: refusal(wrong) }).toMatchObject({
          refused: 'the cursor is not one that a verification of this repository told',
        });
    }
    expect(refusal('a'.repeat(1 << 22))).toContain('not one that a verification');
  });

  it('is refused when whoever made it lacks the keys of the repository', () => {
    const forged = serializeCursor({ ...scope, keys: { name: new Uint8Array(32).fill(2) } }, state);
    expect(refusal(forged)).toContain('not one that a verification');
    const [, changed = ''] = serializeCursor(scope, { ...state, errors: 0 }).split('.');
    expect(refusal(`${text.split('.')[0]}.${changed}`)).toContain('not one that a verification');
  });

  it('leaves out what is too much for it, and is never longer than what is read', () => {
    const digest = (number: number) => number.toString(16).padStart(12, '0');
    const many = new Set(Array.from({ length: MOST_DIGESTS + 1 }, (_, number) => digest(number)));
    const packs = new Set(Array.from({ length: 2000 }, (_, number) => digest(number).padStart(32, '0')));
    const directories = { checked: many, begun: {}, wasDone: true };
    const large = { ...state, checked: many, hurt: many, doubted: packs, directories };
    const read = parseCursor(serializeCursor(scope, large), scope);
    expect(read.checked.size).toBe(MOST_DIGESTS);
    expect([...read.checked].every((each) => many.has(each))).toBe(true);
    // none of them named would be none of them hurt
    expect(read.doubted).toBeNull();
  });
});

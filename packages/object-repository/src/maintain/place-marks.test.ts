import { describe, expect, it } from 'vitest';
import { PlaceMarks } from './place-marks.ts';

describe('marks of places', () => {
  // the system gives memory that is all zeros only where it is touched: two pages here, not 512 MiB
  it.each([0, 2 ** 31, 2 ** 32])('are kept from place %i on, each by itself', (first) => {
    const marks = new PlaceMarks(first + 16);
    for (const place of [first, first + 7, first + 8]) {
      expect(marks.has(place)).toBe(false);
      expect(marks.add(place)).toBe(true);
      expect(marks.add(place)).toBe(false);
    }
    const lowest = Array.from({ length: 16 }, (_, place) => place);
    const marked = [...lowest, ...lowest.map((place) => first + place)].filter((place) => marks.has(place));
    expect([...new Set(marked)]).toEqual([first, first + 7, first + 8]);
  });
});

import { expect, it } from 'vitest';
import type { NativeFailure } from './addon.ts';
import { mapFailure } from './map-error.ts';

const call = { operation: 'transfer', endpoint: { kind: 'file', path: '/disk' } } as const;

it.each([
  [{ cause: 'system', errno: 28 }, 'NO_SPACE'],
  [{ cause: 'system', errno: 2 }, 'NOT_FOUND'],
  [{ cause: 'system', errno: 13 }, 'PERMISSION_DENIED'],
  [{ cause: 'system', errno: 5 }, 'CORRUPT'],
  [{ cause: 'system', errno: 99_999 }, 'UNEXPECTED'],
  [{ cause: 'shortened' }, 'INSTANT_LOST'],
  [{ cause: 'is-device' }, 'UNSUPPORTED'],
  [{ cause: 'wrong-kind' }, 'UNSUPPORTED'],
  [{ cause: 'out-of-range', number: 3 }, 'RANGE_INVALID'],
  [{ cause: 'aborted' }, 'ABORTED'],
  [{ cause: 'panicked' }, 'UNEXPECTED'],
] as const satisfies readonly (readonly [NativeFailure, string])[])(
  'makes of %j the code %s',
  (failure, code) => {
    const error = mapFailure(failure, call);
    expect(error).toMatchObject({ code, operation: 'transfer', effect: 'none' });
  },
);

it('calls the effect unknown where a server owes answers to changes, whatever failed', () => {
  const to = { kind: 'nbd', address: { kind: 'unix', path: '/socket' }, export: '' } as const;
  const failures = [
    { cause: 'system', errno: 104, open: true },
    { cause: 'replied', number: 5, open: true },
  ] as const;
  const effects = failures.map(
    (failure) => mapFailure(failure, { operation: 'transfer', endpoint: to }).effect,
  );
  expect(effects).toEqual(['unknown', 'unknown']);
});

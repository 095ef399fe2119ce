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
    expect(error).toMatchObject({ code, operation: 'transfer' });
  },
);

import { expect, it } from 'vitest';
import { readNativeMode } from './native-mode.ts';

it('takes the words that SENDENSE_NATIVE knows, and auto where it is not set', () => {
  expect(readNativeMode({})).toBe('auto');
  expect(['', 'auto', 'require', 'off'].map((word) => readNativeMode({ SENDENSE_NATIVE: word }))).toEqual([
    'auto',
    'auto',
    'require',
    'off',
  ]);
});

it('refuses another word instead of guessing', () => {
  expect(() => readNativeMode({ SENDENSE_NATIVE: 'on' })).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', remedy: expect.stringContaining('require') }),
  );
});

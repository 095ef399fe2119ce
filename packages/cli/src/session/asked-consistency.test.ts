import { expect, it } from 'vitest';
import { askedConsistency } from './asked-consistency.ts';

it('accepts nothing weaker than what is wanted, unless told to', () => {
  expect(askedConsistency({ consistency: 'filesystem' })).toEqual({
    want: 'filesystem',
    accept: 'filesystem',
  });
  const weaker = { consistency: 'application', acceptConsistency: 'crash' } as const;
  expect(askedConsistency(weaker)).toEqual({ want: 'application', accept: 'crash' });
});

it('refuses to accept only what is stronger than what is wanted', () => {
  expect(() => askedConsistency({ consistency: 'crash', acceptConsistency: 'filesystem' })).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', remedy: 'pass --consistency filesystem' }),
  );
});

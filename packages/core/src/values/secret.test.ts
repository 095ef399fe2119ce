import { format, inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Secret } from './secret.ts';

describe('Secret', () => {
  const secret = new Secret('hunter2');

  it('gives its value only to reveal', () => {
    expect(secret.reveal()).toBe('hunter2');
  });

  it.each([
    ['a template', () => `password=${String(secret)}`],
    ['concatenation', () => `password=${[secret].join('')}`],
    ['JSON', () => JSON.stringify({ secret })],
    ['inspect, hidden fields too', () => inspect({ secret }, { showHidden: true, depth: 9 })],
    ['a console format', () => format('%s %o %j', secret, secret, secret)],
    ['its own keys', () => JSON.stringify([Object.entries(secret), Reflect.ownKeys(secret).map(String)])],
    ['an error message', () => String(new Error(`refused: ${String(secret)}`).stack)],
  ])('never shows itself in %s', (_where, print) => {
    expect(print()).not.toContain('hunter2');
  });
});

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeNative } from './fixtures.ts';

function modesOf(state: 'broken' | 'as it is'): unknown {
  const program = join(import.meta.dirname, 'load-process.ts');
  return JSON.parse(
    execFileSync(process.execPath, [...process.execArgv, program, state], { encoding: 'utf8' }),
  );
}

const off = { mode: 'off', driver: null, reason: 'native code is switched off' };

describe('where the native part cannot be loaded', () => {
  it('nothing is used by auto, with the reason, and require fails with it', () => {
    const reason = expect.stringMatching(/@sendense\/blockio-native-|there is no native part for/);
    expect(modesOf('broken')).toEqual([
      off,
      { mode: 'auto', driver: null, reason },
      { mode: 'require', code: 'UNSUPPORTED', reason },
    ]);
  });
});

describeNative('where the native part is built', () => {
  it('it is used by auto and by require, and not by off', () => {
    expect(modesOf('as it is')).toEqual([
      off,
      { mode: 'auto', driver: 'native', reason: null },
      { mode: 'require', driver: 'native', reason: null },
    ]);
  });
});

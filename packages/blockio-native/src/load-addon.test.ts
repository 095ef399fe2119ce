import { describe, expect, it } from 'vitest';
import { CONTRACT } from './addon.ts';
import { absentAddon, loadAddon, type Require, tryAddon } from './load-addon.ts';
import { platformName } from './platform.ts';

function fails(message: string): Require {
  return () => {
    throw new Error(message);
  };
}

const FAULTY: readonly (readonly [what: string, reason: string, load: Require])[] = [
  ['another version', 'belongs to another version', () => ({ contract: () => CONTRACT + 1 })],
  ['what is no addon', 'belongs to another version', () => 'text'],
  ['a missing package', 'cannot be loaded: not found', fails('not found\nRequire stack:\n- /somewhere')],
  ['a library that is too old', 'GLIBC_2.99', fails("version `GLIBC_2.99' not found")],
];

describe('tryAddon', () => {
  it('takes an addon that was built for this interface', () => {
    const addon = { contract: () => CONTRACT };
    const asked: string[] = [];
    const load = (name: string) => {
      asked.push(name);
      return addon;
    };
    expect(tryAddon('linux-x64-gnu', load)).toEqual({ addon });
    expect(asked).toEqual(['@sendense/blockio-native-linux-x64-gnu']);
  });

  it.each(FAULTY)('gives the reason for %s', (_, reason, load) => {
    expect(tryAddon('linux-x64-gnu', load).reason).toContain(reason);
  });

  it('says where there is no native part at all', () => {
    expect(tryAddon(undefined, fails('not asked')).reason).toContain('there is no native part for');
  });
});

describe('loadAddon', () => {
  it('is switched off by mode off', () => {
    expect(loadAddon('off')).toEqual({ reason: 'native code is switched off' });
  });

  it('makes of an absent addon, where it is required, an error that says what to do', () => {
    expect(absentAddon('it is not there')).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('it is not there'),
      remedy: expect.stringContaining('npm run build'),
    });
  });
});

describe('platformName', () => {
  it.each([
    ['linux-x64-gnu', 'linux', 'x64', true],
    ['linux-arm64-musl', 'linux', 'arm64', false],
    ['darwin-arm64', 'darwin', 'arm64', false],
    ['win32-x64-msvc', 'win32', 'x64', false],
    [undefined, 'linux', 'riscv64', true],
    [undefined, 'sunos', 'x64', false],
  ] as const)('is %s on %s %s', (name, platform, arch, glibc) => {
    expect(platformName({ platform, arch, glibc })).toBe(name);
  });
});

import { describe, expect, it } from 'vitest';
import { driverProblems, type PlatformPackage, platformProblems } from './addon-problems.ts';
import { binaryKind } from './binary-kind.ts';

/** The start of an ELF library for a machine, and a name that it needs. */
function elf(machine: number, libc: string): Buffer {
  const file = Buffer.alloc(256);
  file.writeUInt32BE(0x7f454c46, 0);
  file.writeUInt16LE(machine, 18);
  file.write(`${libc}\0`, 100);
  return file;
}

function machO(machine: number): Buffer {
  const file = Buffer.alloc(256);
  file.writeUInt32BE(0xcffaedfe, 0);
  file.writeUInt32LE(machine, 4);
  return file;
}

function pe(machine: number, header = 128): Buffer {
  const file = Buffer.alloc(256);
  file.write('MZ');
  file.writeUInt32LE(header, 0x3c);
  if (header < 200) file.write('PE\0\0', header);
  if (header < 200) file.writeUInt16LE(machine, header + 4);
  return file;
}

const LIBRARIES = {
  'linux-x64-gnu': elf(62, 'libc.so.6'),
  'linux-x64-musl': elf(62, 'libc.so'),
  'linux-arm64-gnu': elf(183, 'libc.so.6'),
  'darwin-x64': machO(0x01000007),
  'darwin-arm64': machO(0x0100000c),
  'win32-x64-msvc': pe(0x8664),
};
const PLATFORMS = Object.keys(LIBRARIES);

function packaged(id: string, addon: Uint8Array | undefined, version = '1.2.3'): PlatformPackage {
  return { id, manifest: { name: `@sendense/blockio-native-${id}`, version }, addon };
}

const complete = Object.entries(LIBRARIES).map(([id, addon]) => packaged(id, addon));
const driver = {
  name: '@sendense/blockio-native',
  version: '1.2.3',
  optionalDependencies: Object.fromEntries(
    PLATFORMS.map((platform) => [`@sendense/blockio-native-${platform}`, 'workspace:*']),
  ),
};

describe('a library', () => {
  it.each(Object.entries(LIBRARIES))('for %s is known as that', (platform, library) => {
    expect(binaryKind(library)).toBe(platform);
  });

  it.each([
    ['a text', Buffer.from('module.exports = {};'.repeat(10))],
    ['nothing', Buffer.alloc(0)],
    ['a machine that has no package', elf(8, 'libc.so.6')],
    ['a DOS program', pe(0x8664, 250)],
  ])('that is %s is for no platform', (_, file) => {
    expect(binaryKind(file)).toBeUndefined();
  });
});

describe('a platform package', () => {
  it.each(complete)('is published with the library of its platform ($id)', (one) => {
    expect(platformProblems(one)).toEqual([]);
  });

  it('is not published without its library, with that of another platform, or under another name', () => {
    expect(platformProblems(packaged('darwin-x64', undefined))).toEqual([
      expect.stringContaining('@sendense/blockio-native-darwin-x64 has no blockio-native.node'),
    ]);
    expect(platformProblems(packaged('linux-x64-musl', LIBRARIES['linux-x64-gnu']))).toEqual([
      expect.stringContaining('for linux-x64-gnu'),
    ]);
    expect(platformProblems(packaged('linux-x64-gnu', Buffer.alloc(500)))).toEqual([
      expect.stringContaining('no platform that is known'),
    ]);
    const renamed = { ...packaged('darwin-x64', LIBRARIES['darwin-x64']), id: 'darwin-arm64' };
    expect(platformProblems(renamed)).toEqual([expect.stringContaining('must be called')]);
  });
});

describe('the native driver', () => {
  it('is published once every platform is complete', () => {
    expect(driverProblems(driver, PLATFORMS, complete)).toEqual([]);
  });

  it('is not published while a platform has no library, no package or another version', () => {
    const [first, ...rest] = complete;
    const bare = packaged('linux-x64-gnu', undefined);
    expect(driverProblems(driver, PLATFORMS, [bare, ...rest])).toEqual([expect.stringContaining('has no')]);
    expect(driverProblems(driver, PLATFORMS, rest)).toEqual(['there is no package for linux-x64-gnu']);
    const old = packaged('linux-x64-gnu', first?.addon, '1.2.2');
    expect(driverProblems(driver, PLATFORMS, [old, ...rest])).toEqual([
      '@sendense/blockio-native-linux-x64-gnu has version 1.2.2, not 1.2.3',
    ]);
  });

  it('is not published where what it installs and what it loads differ', () => {
    expect(driverProblems({ ...driver, optionalDependencies: {} }, PLATFORMS, complete)).toHaveLength(
      PLATFORMS.length,
    );
    expect(driverProblems(driver, PLATFORMS.slice(1), complete)).toEqual([
      '@sendense/blockio-native-linux-x64-gnu is for no platform',
    ]);
  });
});

import { readFileSync } from 'node:fs';
import { absenceReason, installCommand, isPresent, readPeers } from '@sendense/tests/peer-list';
import { expect, test } from 'vitest';
import { readBudget } from './budget.ts';

const peers = readPeers();

test('every peer is either installable or impossible, never both', () => {
  for (const peer of peers) {
    const installable = peer.detect !== undefined && (peer.packages ?? peer.fetch) !== undefined;
    expect(installable, peer.name).toBe(peer.impossible === undefined);
  }
});

test('every program of npm is locked in the version that its peer names', () => {
  for (const { name, fetch } of peers) {
    if (fetch?.manager !== 'npm') continue;
    const file = new URL(`../../tests/npm-programs/${name}/package-lock.json`, import.meta.url);
    const [locked, version] = fetch.package.split('@');
    expect(JSON.parse(readFileSync(file, 'utf8')), name).toMatchObject({
      packages: { [`node_modules/${locked}`]: { version } },
    });
  }
});

test('every program of pip is locked in the version that its peer names, and each package by hashes', () => {
  for (const { name, fetch } of peers) {
    if (fetch?.manager !== 'pip') continue;
    const file = new URL(`../../tests/python-programs/${name}/requirements.txt`, import.meta.url);
    const packages = readFileSync(file, 'utf8').split(/^(?=[a-z])/mu);
    expect(packages.map((each) => each.split(' ')[0])).toContain(fetch.package);
    for (const each of packages) expect(each).toMatch(/^[\w.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}/su);
  }
});

test('peers name suites that exist', () => {
  const suites = Object.keys(readBudget().suites);
  expect(suites).toEqual(expect.arrayContaining(peers.flatMap((peer) => peer.suites)));
});

test('a peer is present when all its commands succeed', () => {
  const peer = { name: 'x', suites: [], packages: ['x'] };
  expect(isPresent({ ...peer, detect: [['true']] })).toBe(true);
  expect(isPresent({ ...peer, detect: [['true'], ['false']] })).toBe(false);
  expect(isPresent({ ...peer, detect: [['no-such-program-here']] })).toBe(false);
  expect(isPresent({ name: 'x', suites: [], impossible: 'never' })).toBe(false);
});

test('a peer is present in the version that is needed, or a newer one', () => {
  const printing = (text: string) => ({
    name: 'x',
    suites: [],
    packages: ['x'],
    version: '8.2',
    detect: [['echo', text], ['true']],
  });
  expect(isPresent(printing('qemu-nbd 8.2.1 (Debian)'))).toBe(true);
  expect(isPresent(printing('qemu-nbd 10.0.2'))).toBe(true);
  expect(isPresent(printing('qemu-nbd 8.1.9'))).toBe(false);
  expect(isPresent(printing('qemu-nbd 7.12'))).toBe(false);
  expect(isPresent(printing('no number'))).toBe(false);
});

test('the reason of an absence tells what to install', () => {
  const peer = { name: 'x', suites: [], packages: ['b', 'a'], detect: [], note: 'root' };
  expect(installCommand([peer, peer])).toBe('apt-get install --no-install-recommends a b');
  expect(absenceReason({ name: 'y', suites: ['int'], fetch: { manager: 'go', package: 'a/b@v1' } })).toBe(
    'y is not usable; npm test fetches a/b@v1 with go, which must be installed',
  );
  expect(absenceReason(peer)).toBe(
    'x is not usable; as root: apt-get install --no-install-recommends a b (root)',
  );
  const unpack = { source: 'deb', packages: ['z'] };
  expect(absenceReason({ name: 'z', suites: [], packages: ['k'], unpack })).toBe(
    'z is not usable; as root: apt-get install --no-install-recommends k, then npm run bench, which unpacks z',
  );
});

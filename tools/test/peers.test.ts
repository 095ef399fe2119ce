import { absenceReason, installCommand, isPresent, readPeers } from '@sendense/tests/peer-list';
import { expect, test } from 'vitest';
import { readBudget } from './budget.ts';

const peers = readPeers();

test('every peer is either installable or impossible, never both', () => {
  for (const peer of peers) {
    const installable = peer.detect !== undefined && peer.packages !== undefined;
    expect(installable, peer.name).toBe(peer.impossible === undefined);
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

test('the reason of an absence tells what to install', () => {
  const peer = { name: 'x', suites: [], packages: ['b', 'a'], detect: [], note: 'root' };
  expect(installCommand([peer, peer])).toBe('apt-get install --no-install-recommends a b');
  expect(absenceReason(peer)).toBe(
    'x is not usable; as root: apt-get install --no-install-recommends a b (root)',
  );
});

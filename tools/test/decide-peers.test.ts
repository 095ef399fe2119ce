import type { Peer } from '@sendense/tests/peer-list';
import { expect, test } from 'vitest';
import { decidePeers, peerFailures, peersOfSuites } from './decide-peers.ts';

const qemu: Peer = { name: 'qemu-img', suites: ['int'], detect: [['qemu-img']], packages: ['qemu-utils'] };
const xfs: Peer = { name: 'xfs-tools', suites: ['crash'], detect: [['mkfs.xfs']], packages: ['xfsprogs'] };
const vcenter: Peer = { name: 'vcenter', suites: ['int'], impossible: 'licensed' };
const rootOnDebian = { ci: false, root: true, debian: true };

test('only the peers of the chosen suites are needed', () => {
  expect(peersOfSuites([qemu, xfs, vcenter], ['crash'])).toEqual([xfs]);
  expect(peersOfSuites([qemu, xfs, vcenter], ['unit'])).toEqual([]);
});

test('root on Debian installs what is absent, each package once', () => {
  const decision = decidePeers([xfs, qemu, { ...qemu, name: 'qemu-io' }], rootOnDebian);
  expect(decision).toEqual({ install: ['qemu-utils', 'xfsprogs'], unpack: [], advice: undefined });
});

test('anybody else gets one line with the exact command', () => {
  const { install, advice } = decidePeers([qemu, xfs], { ...rootOnDebian, root: false });
  expect(install).toEqual([]);
  expect(advice).toContain('sudo apt-get install --no-install-recommends qemu-utils xfsprogs');
  expect(advice).not.toContain('\n');
});

test('programs of another release are unpacked on Debian, by anybody', () => {
  const recent: Peer = { ...qemu, name: 'recent', unpack: { source: 'deb …', packages: ['qemu-utils'] } };
  const anybody = { ...rootOnDebian, root: false };
  expect(decidePeers([qemu, recent], rootOnDebian).unpack).toEqual([recent]);
  expect(decidePeers([qemu, recent], anybody).unpack).toEqual([recent]);
  expect(decidePeers([qemu, recent], { ...anybody, debian: false }).unpack).toEqual([]);
});

test('programs of other registries are fetched by anybody, on every system', () => {
  const gateway: Peer = { name: 'gateway', suites: ['int'], fetch: { manager: 'go', package: 'a/b@v1' } };
  const elsewhere = { ...rootOnDebian, root: false, debian: false };
  expect(decidePeers([gateway], elsewhere)).toEqual({ install: [], unpack: [gateway], advice: undefined });
});

test('with nothing to install nothing is done or said', () => {
  expect(decidePeers([vcenter], rootOnDebian)).toEqual({ install: [], unpack: [], advice: undefined });
});

test('an absent peer fails CI, unless it is impossible; elsewhere it does not', () => {
  const ci = { ...rootOnDebian, ci: true };
  expect(peerFailures([qemu, vcenter], ci)).toEqual([expect.stringContaining('qemu-img is not usable')]);
  expect(peerFailures([qemu, vcenter], rootOnDebian)).toEqual([]);
});

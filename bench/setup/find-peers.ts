import { absenceReason, isPresent, type Peer, readPeers } from '@sendense/tests/peer-list';
import { decidePeers } from '../../tools/test/decide-peers.ts';
import { installPackages, thisMachine, unpackPeer } from '../../tools/test/install-peers.ts';

/** Why peers that rows need cannot be used, by their names in `tests/peers.json`. */
export type AbsentPeers = ReadonlyMap<string, string>;

/** Looks for programs that rows compare with, and installs or unpacks those that may be had here. */
export function findPeers(names: readonly string[]): AbsentPeers {
  const wanted = readPeers().filter(({ name }) => names.includes(name));
  const absent = wanted.filter((peer) => !isPresent(peer));
  const { install, unpack } = decidePeers(absent, thisMachine());
  if (install.length > 0) installPackages(install);
  for (const peer of unpack.filter(isMissing)) unpackPeer(peer);
  return new Map(absent.filter(isMissing).map((peer) => [peer.name, absenceReason(peer)]));
}

function isMissing(peer: Peer): boolean {
  return !isPresent(peer);
}

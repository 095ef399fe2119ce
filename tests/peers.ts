import { describe } from 'vitest';
import { absenceReason, isPresent, type Peer, readPeers, SKIP_MARK } from './peer-list.ts';

const presence = new Map<string, boolean>();

/**
 * `describe` for tests that need peers of `peers.json`. With all of them present it is plain `describe`. Otherwise
 * the tests are skipped and the report tells why; with `CI=true` an absent peer that could be installed is an error.
 *
 * @param names - names of rows of `peers.json`; an unknown name is an error.
 */
export function describeWithPeers(names: readonly string[], title: string, define: () => void): void {
  const absent = absentPeers(names);
  if (absent.length === 0) {
    describe(title, define);
    return;
  }
  const reason = absent.map(absenceReason).join('; ');
  if (process.env.CI === 'true' && absent.some((peer) => peer.impossible === undefined)) {
    throw new Error(`"${title}" cannot run, and CI may not skip it: ${reason}`);
  }
  describe.skip(`${title}${SKIP_MARK}${reason}`, define);
}

/**
 * `describe` for tests that cannot run everywhere for another cause than a peer. With a reason they are skipped, and the
 * report tells it.
 */
export function describeUnless(reason: string | null, title: string, define: () => void): void {
  if (reason === null) describe(title, define);
  else describe.skip(`${title}${SKIP_MARK}${reason}`, define);
}

function absentPeers(names: readonly string[]): Peer[] {
  const peers = readPeers();
  return names.flatMap((name) => {
    const peer = peers.find((candidate) => candidate.name === name);
    if (peer === undefined) throw new TypeError(`"${name}" is not a peer of tests/peers.json`);
    const present = presence.get(name) ?? isPresent(peer);
    presence.set(name, present);
    return present ? [] : [peer];
  });
}

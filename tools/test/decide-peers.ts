import { absenceReason, installCommand, type Peer } from '@sendense/tests/peer-list';

/** The machine the tests run on, as far as peers are concerned. */
export interface Machine {
  readonly ci: boolean;
  readonly root: boolean;
  /** Debian or one of its descendants: packages come from apt. */
  readonly debian: boolean;
}

/** What to do about the peers that the chosen suites need and that are absent. */
export interface PeerDecision {
  /** Debian packages to install now. */
  readonly install: readonly string[];
  /** Peers whose programs come from elsewhere; to unpack or fetch where they are absent after the installation. */
  readonly unpack: readonly Peer[];
  /** One line for the person at the terminal; undefined when nothing is for them to do. */
  readonly advice: string | undefined;
}

/** The peers that these suites need. */
export function peersOfSuites(peers: readonly Peer[], suites: readonly string[]): Peer[] {
  return peers.filter((peer) => peer.suites.some((suite) => suites.includes(suite)));
}

/** Decides between installing absent peers and telling how to. */
export function decidePeers(absent: readonly Peer[], machine: Machine): PeerDecision {
  const installable = absent.filter((peer) => (peer.packages?.length ?? 0) > 0);
  const unpack = absent.filter(
    (peer) => peer.fetch !== undefined || (machine.debian && peer.unpack !== undefined),
  );
  if (installable.length === 0) return { install: [], unpack, advice: undefined };
  if (machine.root && machine.debian) {
    const packages = new Set(installable.flatMap((peer) => peer.packages ?? []));
    return { install: [...packages].sort(), unpack, advice: undefined };
  }
  const names = installable.map((peer) => peer.name).join(', ');
  const command = machine.debian
    ? `sudo ${installCommand(installable)}`
    : `${installCommand(installable)} (Debian names)`;
  return { install: [], unpack, advice: `Tests that need ${names} are skipped; to run them: ${command}` };
}

/** The failures that absent peers are: in CI each one that could be installed, elsewhere none. */
export function peerFailures(absent: readonly Peer[], machine: Machine): string[] {
  if (!machine.ci) return [];
  return absent.filter((peer) => peer.impossible === undefined).map(absenceReason);
}

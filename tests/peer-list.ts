import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Separates a skipped suite's title from the reason; the report of the test runner reads it. */
export const SKIP_MARK = ' -- skipped: ';

/** A row of `peers.json`: a program, service or device of somebody else that tests run against. */
export interface Peer {
  readonly name: string;
  /** The suites (vitest projects) that need it; empty when nothing needs it yet. */
  readonly suites: readonly string[];
  /** Commands that must all end with exit code 0 for the peer to count as present. */
  readonly detect?: readonly (readonly string[])[];
  /** The Debian and Ubuntu packages that provide it. */
  readonly packages?: readonly string[];
  /** What it needs besides the packages. */
  readonly note?: string;
  /** Why it can never run here; such a peer has neither `detect` nor `packages`. */
  readonly impossible?: string;
}

/** Reads `tests/peers.json`. */
export function readPeers(): readonly Peer[] {
  const text = readFileSync(new URL('./peers.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { peers: Peer[] }).peers;
}

/** Whether every command that detects the peer succeeds now. */
export function isPresent(peer: Peer): boolean {
  if (peer.impossible !== undefined || peer.detect === undefined) return false;
  return peer.detect.every(([command = '', ...args]) => {
    return spawnSync(command, args, { stdio: 'ignore', env: environmentWithSystemFolders() }).status === 0;
  });
}

/** The command that installs the packages of these peers on Debian and Ubuntu. */
export function installCommand(peers: readonly Peer[]): string {
  const packages = new Set(peers.flatMap((peer) => peer.packages ?? []));
  return `apt-get install --no-install-recommends ${[...packages].sort().join(' ')}`;
}

/** Why tests that need this absent peer cannot run, in words that say what to do. */
export function absenceReason(peer: Peer): string {
  if (peer.impossible !== undefined) return `${peer.name} cannot run here: ${peer.impossible}`;
  const note = peer.note === undefined ? '' : ` (${peer.note})`;
  return `${peer.name} is not usable; as root: ${installCommand([peer])}${note}`;
}

/** mkfs and its kin live in sbin, which is not on the PATH of an ordinary user. */
function environmentWithSystemFolders(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
}

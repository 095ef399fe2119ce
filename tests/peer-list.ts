import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { isCurrent, type ProgramSource } from './fetched-programs.ts';
import { isAtLeast } from './program-version.ts';
import { hasUnpacked, unpackedPrograms } from './unpacked-packages.ts';

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
  /** Least version, `major.minor`, that the first command of `detect` must print. */
  readonly version?: string;
  /** Where newer programs are unpacked from when those of the machine are too old. */
  readonly unpack?: PackageSource;
  /** Where the program comes from when it is in no Debian release. */
  readonly fetch?: ProgramSource;
  /** What it needs besides the packages. */
  readonly note?: string;
  /** Why it can never run here; such a peer has neither `detect` nor `packages`. */
  readonly impossible?: string;
}

/** Debian packages of another release, unpacked beside the machine's own and never installed. */
export interface PackageSource {
  /** A line of an apt sources list. */
  readonly source: string;
  readonly packages: readonly string[];
  /** Meta packages: what they depend on is unpacked instead, because its name holds a version. */
  readonly latest?: readonly string[];
  /** Patterns of files that must have come out of the packages, where running a program does not tell. */
  readonly files?: readonly string[];
}

/** Reads `tests/peers.json`. */
export function readPeers(): readonly Peer[] {
  const text = readFileSync(new URL('./peers.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { peers: Peer[] }).peers;
}

/** Whether every command that detects the peer succeeds now, in the version that is needed, and its files are there. */
export function isPresent(peer: Peer): boolean {
  if (peer.impossible !== undefined || peer.detect === undefined) return false;
  if (peer.unpack?.files?.every((pattern) => hasUnpacked(peer.name, pattern)) === false) return false;
  if (peer.fetch !== undefined && !isCurrent(peer.name, peer.fetch)) return false;
  const env = peerEnvironment(peer);
  return peer.detect.every(([command = '', ...args], index) => {
    const { status, stdout } = spawnSync(command, args, {
      stdio: ['ignore', 'pipe', 'ignore'],
      env,
      encoding: 'utf8',
    });
    const least = index === 0 ? peer.version : undefined;
    return status === 0 && (least === undefined || isAtLeast(stdout, least));
  });
}

/** The environment in which the programs of a peer are found: unpacked ones first, then the system's folders. */
export function peerEnvironment(peer: Peer): NodeJS.ProcessEnv {
  const hasOwn = peer.unpack !== undefined || peer.fetch !== undefined;
  const unpacked = hasOwn ? [unpackedPrograms(peer.name)] : [];
  // mkfs and its kin live in sbin, which is not on the PATH of an ordinary user.
  const folders = [...unpacked, process.env.PATH ?? '', '/usr/sbin', '/sbin'];
  return { ...process.env, PATH: folders.join(delimiter) };
}

/** The command that installs the packages of these peers on Debian and Ubuntu. */
export function installCommand(peers: readonly Peer[]): string {
  const packages = new Set(peers.flatMap((peer) => peer.packages ?? []));
  return `apt-get install --no-install-recommends ${[...packages].sort().join(' ')}`;
}

/** Why tests that need this absent peer cannot run, in words that say what to do. */
export function absenceReason(peer: Peer): string {
  if (peer.impossible !== undefined) return `${peer.name} cannot run here: ${peer.impossible}`;
  // what no suite needs is a program that the bench compares with
  const command = peer.suites.length === 0 ? 'npm run bench' : 'npm test';
  if (peer.fetch !== undefined) return absentProgram(peer.name, peer.fetch, command);
  const note = peer.note === undefined ? '' : ` (${peer.note})`;
  const unpack =
    peer.unpack === undefined
      ? ''
      : `, then ${command}, which unpacks ${packageNames(peer.unpack).join(' ')}`;
  return `${peer.name} is not usable; as root: ${installCommand([peer])}${unpack}${note}`;
}

function absentProgram(name: string, { manager, package: wanted }: ProgramSource, command: string): string {
  return `${name} is not usable; ${command} fetches ${wanted} with ${manager}, which must be installed`;
}

/** What is unpacked, in words. */
export function packageNames({ latest = [], packages }: PackageSource): readonly string[] {
  return [...latest, ...packages];
}

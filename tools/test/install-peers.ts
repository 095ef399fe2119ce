import { readFileSync } from 'node:fs';
import { fetchProgram } from '@sendense/tests/fetched-programs';
import { type Peer, packageNames } from '@sendense/tests/peer-list';
import { runQuietly } from '@sendense/tests/run-quietly';
import { unpackPackages } from '@sendense/tests/unpacked-packages';
import type { Machine } from './decide-peers.ts';

/** Reads what the decision about peers depends on from this machine. */
export function thisMachine(): Machine {
  return { ci: process.env.CI === 'true', root: process.getuid?.() === 0, debian: isDebian() };
}

/** Installs Debian packages with apt-get; what it prints is shown when it fails. Tells whether it worked. */
export function installPackages(packages: readonly string[]): boolean {
  process.stderr.write(`Installing what the tests need: ${packages.join(' ')}\n`);
  const install = ['install', '--yes', '--no-install-recommends', ...packages];
  return aptGet(['update']) && aptGet(install);
}

/** Unpacks or fetches the programs of a peer beside the machine's own. Tells whether it worked. */
export function unpackPeer(peer: Peer): boolean {
  if (peer.fetch !== undefined) {
    process.stderr.write(`Fetching what the tests need: ${peer.fetch.package}\n`);
    return fetchProgram(peer.name, peer.fetch);
  }
  if (peer.unpack === undefined) return false;
  process.stderr.write(`Unpacking what the tests need: ${packageNames(peer.unpack).join(' ')}\n`);
  return unpackPackages(peer.name, peer.unpack);
}

function aptGet(args: readonly string[]): boolean {
  return runQuietly('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=300', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
}

function isDebian(): boolean {
  try {
    return /^(ID|ID_LIKE)=.*\b(debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}

import { join } from 'node:path';
import { peerEnvironment, readPeers } from '@sendense/tests/peer-list';
import type { TestVcenter } from '@sendense/tests/vmware';
import { execa } from 'execa';
import type { PackageBench } from './package-bench.ts';

/** What govmomi finds in a package. */
export type FoundPackage = {
  readonly machine: Readonly<Record<string, unknown>> & {
    readonly devices: readonly Readonly<Record<string, unknown>>[];
  };
  /** The files whose digest is that of the manifest. */
  readonly files: readonly string[];
  readonly networks: readonly string[];
  /** Id of the machine that it was imported as. */
  readonly imported?: string;
};

/** Reads a finished package by govmomi; rejects with what it says. With a server it is imported there as `imported`. */
export async function readByGovmomi(bench: PackageBench, server?: TestVcenter): Promise<FoundPackage> {
  const peer = readPeers().find(({ name }) => name === 'ovf-reader');
  if (peer === undefined) throw new TypeError('"ovf-reader" is not a peer of tests/peers.json');
  const file = bench.layout === 'archive' ? bench.path : join(bench.path, 'web.ovf');
  const into = server && [
    '-server',
    server.url,
    '-user',
    server.user,
    '-ca',
    server.caFile,
    '-name',
    'imported',
  ];
  const env = { ...peerEnvironment(peer), ...(server && { OVF_READER_PASSWORD: server.password }) };
  const { stdout } = await execa('ovf-reader', ['-package', file, ...(into ?? [])], { env });
  return JSON.parse(stdout) as FoundPackage;
}

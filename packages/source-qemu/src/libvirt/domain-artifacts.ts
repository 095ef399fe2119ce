import { type Artifact, type Call, type Finding, MAX_ARTIFACT_BYTES } from '@sendense/core';
import { nativeConfigOf, parseDomain } from '@sendense/platform-kvm/domain';
import { type FileSystem, readSmallFile } from '@sendense/plugin-kit/files';
import type { DomainSession } from './domain-session.ts';

/** What a domain has besides its disks, and what of it could not be read. */
export type DomainArtifacts = {
  readonly artifacts: readonly Artifact[];
  readonly findings: readonly Finding[];
};

/**
 * The domain's XML without passwords, and its UEFI variables. libvirt freezes neither: they are as they are now, just
 * after the instant. What cannot be read is a finding, for the disks are worth more than it.
 */
export async function readArtifacts(
  session: DomainSession,
  fileSystem: FileSystem,
  call?: Call,
): Promise<DomainArtifacts> {
  const xml = await session.run('dumpxml', [], call);
  const config = nativeConfigOf(xml);
  const path = parseDomain(xml).firmware.nvram?.path;
  if (path === undefined) return { artifacts: [config], findings: [] };
  try {
    return { artifacts: [config, await readVariables(fileSystem, path)], findings: [] };
  } catch (error) {
    return { artifacts: [config], findings: [notRead(path, error)] };
  }
}

async function readVariables(fileSystem: FileSystem, path: string): Promise<Artifact> {
  const bytes = await readSmallFile(fileSystem, path, MAX_ARTIFACT_BYTES);
  return { name: 'nvram', sensitive: false, sizeBytes: bytes.byteLength, bytes: async () => bytes };
}

function notRead(path: string, error: unknown): Finding {
  const text = error instanceof Error ? error.message : String(error);
  const message = `the UEFI variables in ${path} are not backed up, a restored machine gets new ones: ${text}`;
  return { severity: 'warning', code: 'artifact-left-out', message };
}

import { type Artifact, type Call, type Finding, MAX_ARTIFACT_BYTES, SendenseError } from '@sendense/core';
import { findVariables, formatDatastorePath, isEncrypted, type VimMachine } from '@sendense/platform-vmware';
import type { Connection } from './context.ts';

/** What a machine has besides its disks, and what of it could not be read. */
export type MachineArtifacts = {
  readonly artifacts: readonly Artifact[];
  readonly findings: readonly Finding[];
};

/**
 * The UEFI variables of a machine. No snapshot freezes them: they are as they are now, just after the instant. What cannot be read is a
 * finding, for the disks are worth more than it; only a call that was cancelled rejects.
 */
export async function readArtifacts(
  connection: Connection,
  machine: VimMachine,
  call?: Call,
): Promise<MachineArtifacts> {
  if (machine.firmware !== 'efi') return { artifacts: [], findings: [] };
  try {
    return { artifacts: [await readVariables(connection, machine, call)], findings: [] };
  } catch (error) {
    if (SendenseError.is(error, 'ABORTED')) throw error;
    return { artifacts: [], findings: [notRead(error)] };
  }
}

async function readVariables(
  { vim, files }: Connection,
  { object, tpm }: VimMachine,
  call?: Call,
): Promise<Artifact> {
  // the whole file is ciphertext then, of a key that only this machine's configuration names
  if (tpm || (await isEncrypted(vim, object, call)))
    throw unreadable(
      `their file is encrypted with a key of this machine (${tpm ? 'it has a virtual TPM' : 'VM encryption'})`,
    );
  const file = await findVariables(vim, object, call);
  if (file === undefined) throw unreadable('the server names no file of them');
  const sizeBytes = await files.size(file, call);
  const name = formatDatastorePath(file);
  if (sizeBytes === 0) throw unreadable(`${name} is empty`);
  if (sizeBytes > MAX_ARTIFACT_BYTES)
    throw unreadable(`${name} has ${sizeBytes} bytes, more than variables have`);
  const bytes = new Uint8Array(sizeBytes);
  await files.read(file, 0, bytes, call);
  return { name: 'nvram', sensitive: false, sizeBytes, bytes: async () => bytes };
}

function unreadable(why: string): SendenseError {
  return new SendenseError('UNSUPPORTED', why, { operation: 'read-variables' });
}

function notRead(error: unknown): Finding {
  const why = error instanceof Error ? error.message : String(error);
  const message = `the machine's UEFI variables are not in the backup, a restored machine gets new ones: ${why}`;
  return { severity: 'warning', code: 'artifact-left-out', message };
}

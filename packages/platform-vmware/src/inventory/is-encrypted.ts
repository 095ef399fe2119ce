import { type Call, SendenseError } from '@sendense/core';
import { readProperties } from '../properties/read-properties.ts';
import type { VimClient } from '../session/vim-client.ts';
import type { ManagedObject } from '../soap/vim-value.ts';

/**
 * Whether the files of a machine besides its disks are encrypted: `config.keyId` of VM encryption, which each machine with a virtual TPM
 * has too. A server from before 6.5 does not know the property, and encrypts nothing.
 */
export async function isEncrypted(
  client: VimClient,
  { type, id }: ManagedObject,
  call?: Call,
): Promise<boolean> {
  try {
    const [found] = await readProperties(client, [{ type, id }], { type, paths: ['config.keyId'] }, call);
    return found?.values.has('config.keyId') ?? false;
  } catch (error) {
    if (SendenseError.is(error) && error.context.fault === 'InvalidProperty') return false;
    throw error;
  }
}

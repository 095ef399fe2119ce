import { SendenseError } from '@sendense/core';
import { mapFault, type VimClient } from '@sendense/platform-vmware';
import { expect, it } from 'vitest';
import { machineOfId } from './find-machines.ts';

/** A client each of whose calls ends with `error`. */
function failing(error: SendenseError): VimClient {
  const inOneSession = async () => {
    throw error;
  };
  return { inOneSession } as unknown as VimClient;
}

it('a machine is gone when the server says so', async () => {
  const fault = { name: 'ManagedObjectNotFound', message: 'it has been deleted', object: 'vm-1' };
  const gone = mapFault(fault, { method: 'RetrievePropertiesEx', host: 'vcenter.example' });
  expect(gone.code).toBe('NOT_FOUND');
  expect(await machineOfId(failing(gone), 'vm-1')).toBeUndefined();
  await expect(machineOfId(failing(gone), 'vm-2')).rejects.toBe(gone);
});

it.each(['its name has no address', 'it has no vSphere API at this address (HTTP 404)'])(
  'a machine is not gone when the server was not reached: %s',
  async (message) => {
    const unreached = new SendenseError('NOT_FOUND', message, { operation: 'vim-RetrievePropertiesEx' });
    await expect(machineOfId(failing(unreached), 'vm-1')).rejects.toBe(unreached);
  },
);

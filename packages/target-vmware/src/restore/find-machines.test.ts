import { SendenseError } from '@sendense/core';
import { mapFault, type VimClient } from '@sendense/platform-vmware';
import { expect, it } from 'vitest';
import { oneMachine } from '../../test/one-machine.ts';
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

/** What a machine is known again by. */
async function stateOf(notes: string, changeVersion: string): Promise<string | undefined> {
  const values = { 'config.annotation': notes, 'config.changeVersion': changeVersion };
  return (await machineOfId(oneMachine(values).client, 'vm-1'))?.state;
}

it('a machine has another state when its notes or its configuration were changed, each by itself', async () => {
  const state = await stateOf('notes', '1');
  expect(state).toMatch(/^[0-9a-f]{32}$/);
  expect(await stateOf('notes', '1')).toBe(state);
  expect(await stateOf('other notes', '1')).not.toBe(state);
  expect(await stateOf('notes', '2')).not.toBe(state);
});

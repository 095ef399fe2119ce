import { type Artifact, type MachineSpec, SendenseError } from '@sendense/core';
import { expect, it } from 'vitest';
import { requestOf } from '../../test/restore-work.ts';
import { parseVmwareTargetOptions } from '../options.ts';
import { unfitVariables } from './unfit-variables.ts';

const OPTIONS = parseVmwareTargetOptions({ address: 'vc.example', user: 'u', name: 'new' });

/** What is said of the UEFI variables of a machine, which are read by `bytes`; and how often that was. */
async function said(bytes: Artifact['bytes'], given: Partial<MachineSpec> = {}, canHoldFiles = true) {
  let readings = 0;
  const count: Artifact['bytes'] = (call) => {
    readings += 1;
    return bytes(call);
  };
  const nvram: Artifact = { name: 'nvram', sensitive: true, sizeBytes: 1, bytes: count };
  const spec: Partial<MachineSpec> = { platform: 'vmware', firmware: 'uefi', ...given };
  const request = { ...requestOf([new Uint8Array(512)], spec), artifacts: [nvram] };
  return { why: await unfitVariables(request, OPTIONS, canHoldFiles, undefined), readings };
}

const broken = async (): Promise<Uint8Array> => {
  throw new SendenseError('CORRUPT', 'the object is damaged', { operation: 'read-artifact' });
};

it.each<[string, Partial<MachineSpec>, boolean]>([
  ['of another hypervisor', { platform: 'libvirt' }, true],
  ['under BIOS', { firmware: 'bios' }, true],
  ['with a virtual TPM', { tpm: true }, true],
  ['that nothing can be put beside', {}, false],
])('variables of a machine %s are not read', async (_of, given, canHoldFiles) => {
  expect(await said(broken, given, canHoldFiles)).toEqual({ why: undefined, readings: 0 });
});

it('variables that cannot be read cost nothing but themselves, and it is told why', async () => {
  const why = expect.stringMatching(/cannot be read: the object is damaged/);
  expect(await said(broken)).toEqual({ why, readings: 1 });
});

it('variables that are no plain file of them are unfit', async () => {
  const why = expect.stringMatching(/encrypted, or of an unknown form/);
  expect(await said(async () => new Uint8Array(512))).toEqual({ why, readings: 1 });
});

it('a cancelled call is not taken for variables that cannot be read', async () => {
  const aborted = new SendenseError('ABORTED', 'cancelled', { operation: 'read-artifact' });
  const reading = said(async () => {
    throw aborted;
  });
  await expect(reading).rejects.toBe(aborted);
});

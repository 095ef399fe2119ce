import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { guardSource, type MachineRef } from '@sendense/core';
import { seededBytes } from '@sendense/testkit';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { requestOf } from './guest.ts';
import { type BenchMachine, useBench } from './vcenter-bench.ts';

const VARIABLES = seededBytes(31, 264 * 1024);

describeWithPeers(['test-vcenter'], 'UEFI variables of a machine of a vCenter', () => {
  const bench = useBench();
  let uefi: BenchMachine;
  beforeEach(async () => {
    uefi = await bench().machine([2 ** 20], { firmware: 'efi' });
    await writeFile(variablesPath(), VARIABLES);
  });
  afterEach(() => bench().server.control('settings', { foldersRefused: false }));

  const variablesPath = (name = uefi.name) => join(bench().server.datastoreDir, name, `${name}.nvram`);

  /** What a capture of a machine has besides disks, and which findings tell of what it has not. */
  async function captured(machine: MachineRef) {
    await using source = guardSource(bench().source());
    const request = requestOf({ object: { type: '', id: '' }, name: '', ref: machine, disks: [], keys: [] });
    await using capture = await source.capture(request);
    const artifacts = await Promise.all(
      capture.artifacts.map(async (artifact) => {
        const { name, sensitive } = artifact;
        return { name, sensitive, bytes: Buffer.from(await artifact.bytes()) };
      }),
    );
    const left = capture.findings.filter(({ code }) => code === 'artifact-left-out');
    return { artifacts, left: left.map(({ message }) => message) };
  }

  it('are in its backup, as they are in their file', async () => {
    expect(await captured(uefi.ref)).toEqual({
      artifacts: [{ name: 'nvram', sensitive: false, bytes: Buffer.from(VARIABLES) }],
      left: [],
    });
  });

  it('of one with a virtual TPM, which are encrypted, are left out, and it is told why', async () => {
    await writeFile(variablesPath('app-1'), VARIABLES);
    await using source = bench().source();
    const refs: MachineRef[] = [];
    for await (const { machine, name } of source.machines()) if (name === 'app-1') refs.push(machine);
    const [ref = uefi.ref] = refs;
    expect(await captured(ref)).toEqual({
      artifacts: [],
      left: [
        "the machine's virtual TPM is not in the backup",
        expect.stringMatching(/encrypted with a key of this machine \(it has a virtual TPM\)/),
      ],
    });
  });

  it('that cannot be read are left out, and it is told why', async () => {
    await bench().server.control('settings', { foldersRefused: true });
    expect(await captured(uefi.ref)).toEqual({
      artifacts: [],
      left: [expect.stringMatching(/UEFI variables are not in the backup.*\.nvram/)],
    });
  });

  it.each([
    [0, /\.nvram/],
    [64 * 2 ** 20 + 1, /more than variables have/],
  ])('in a file of %i bytes are left out, and it is told why', async (sizeBytes, why) => {
    await truncate(variablesPath(), sizeBytes);
    expect(await captured(uefi.ref)).toEqual({ artifacts: [], left: [expect.stringMatching(why)] });
  });

  it('are not looked for where the firmware is a BIOS', async () => {
    const { ref } = await bench().machine([2 ** 20]);
    expect(await captured(ref)).toEqual({ artifacts: [], left: [] });
  });
});

import { copyFile, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { captureId, streamId } from '@sendense/core';
import { parseDomain } from '@sendense/platform-kvm/domain';
import { createQemuSource } from '@sendense/source-qemu';
import { type LibvirtDaemon, startDomain, startLibvirt } from '@sendense/tests/libvirt';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { machineOf } from './live-fixture.ts';

const CRASH = { want: 'crash', accept: 'crash' } as const;
const disks = [{ target: 'vda', sizeBytes: 2 ** 20 }];

describeWithPeers(
  ['libvirt', 'qemu-system-x86_64', 'qemu-img', 'ovmf'],
  'what a domain has besides disks',
  () => {
    let libvirt: LibvirtDaemon;

    beforeAll(async () => {
      libvirt = await startLibvirt();
    }, 120_000);

    afterAll(() => libvirt[Symbol.asyncDispose]());

    /** Captures the domain `name` and gives the capture up; what it carried is kept. */
    async function captured(name: string) {
      await using source = createQemuSource({ libvirt: { domain: name, uri: libvirt.uri } });
      const machine = await machineOf(source);
      const id = captureId(crypto.randomUUID());
      const request = { id, stream: streamId('artifacts'), machine, since: [], consistency: CRASH };
      await using capture = await source.capture(request);
      const files = new Map<string, Uint8Array>();
      for (const artifact of capture.artifacts) files.set(artifact.name, await artifact.bytes());
      return { files, codes: capture.findings.map(({ code }) => code) };
    }

    it('is its XML, which tells the same domain', async () => {
      const uuid = crypto.randomUUID();
      const domain = await startDomain(libvirt, { name: 'plain', uuid, disks });
      const { files, codes } = await captured('plain');
      await domain.destroy();
      expect([...files.keys()]).toEqual(['native-config']);
      expect(parseDomain(new TextDecoder().decode(files.get('native-config')))).toMatchObject({
        name: 'plain',
        uuid,
      });
      expect(codes).not.toContain('artifact-left-out');
    });

    it('is also the UEFI variables; where they cannot be read, the backup goes on and says so', async () => {
      const nvram = join(libvirt.folder, 'uefi-vars.fd');
      await copyFile('/usr/share/OVMF/OVMF_VARS_4M.fd', nvram);
      await libvirt.own(nvram);
      const domain = await startDomain(libvirt, { name: 'uefi', uuid: crypto.randomUUID(), disks, nvram });
      const { files } = await captured('uefi');
      expect(files.get('nvram')).toEqual(new Uint8Array(await readFile(nvram)));
      await rm(nvram);
      const without = await captured('uefi');
      await domain.destroy();
      expect([...without.files.keys()]).toEqual(['native-config']);
      expect(without.codes).toContain('artifact-left-out');
    });
  },
);

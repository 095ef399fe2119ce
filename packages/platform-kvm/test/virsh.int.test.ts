import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openVirsh } from '@sendense/platform-kvm/virsh';
import { type LibvirtDaemon, startDomain, startLibvirt } from '@sendense/tests/libvirt';
import { describeWithPeers } from '@sendense/tests/peers';
import { afterAll, beforeAll, expect, it } from 'vitest';

const DOMAIN = { name: 'a "b" \\c ünï', uuid: '6f9619ff-8b86-4011-b42d-00c04fc964ff' };

describeWithPeers(['libvirt', 'qemu-system-x86_64', 'qemu-img'], 'a session of virsh', () => {
  let libvirt: LibvirtDaemon;
  let folder: string;

  beforeAll(async () => {
    libvirt = await startLibvirt();
    folder = await mkdtemp(join(tmpdir(), 'sendense-virsh-'));
    await startDomain(libvirt, { ...DOMAIN, disks: [{ target: 'vda', sizeBytes: 1 << 20 }] });
  }, 120_000);

  afterAll(async () => {
    await libvirt[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  /** A program that behaves as `script` says and calls itself virsh. */
  async function fake(script: string): Promise<string> {
    const path = join(folder, `virsh-${script.length}`);
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
    return path;
  }

  it('answers each of many questions that are asked at once with its own answer', async () => {
    await using virsh = openVirsh({ uri: libvirt.uri });
    const words = Array.from({ length: 50 }, (_, index) => `word ${index} "'\\;#$!`);
    expect(await Promise.all(words.map((word) => virsh.run('echo', [word])))).toEqual(words);
  });

  it('takes names with quotes, blanks and letters of any language', async () => {
    await using virsh = openVirsh({ uri: libvirt.uri });
    expect((await virsh.run('domuuid', [DOMAIN.name])).trim()).toBe(DOMAIN.uuid);
    expect(await virsh.run('dumpxml', [DOMAIN.name])).toMatch(/^<domain [\s\S]*<\/domain>\s*$/);
  });

  it('tells what libvirt complains of, and goes on', async () => {
    await using virsh = openVirsh({ uri: libvirt.uri });
    await expect(virsh.run('domstate', ['nosuch'])).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(virsh.run('no-such-command', [])).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    expect(await virsh.run('domstate', [DOMAIN.name])).toMatch(/^paused/);
  });

  it('says which libvirt cannot be reached', async () => {
    await using virsh = openVirsh({ uri: `qemu:///session?socket=${folder}/none` });
    await expect(virsh.run('list', [])).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  });

  it('says that virsh is not installed', async () => {
    await using virsh = openVirsh({ program: join(folder, 'nothing') });
    await expect(virsh.run('list', [])).rejects.toMatchObject({
      code: 'NOT_FOUND',
      remedy: expect.stringContaining('libvirt-clients'),
    });
  });

  it('ends a virsh that does not answer, and starts another one', async () => {
    const program = await fake(
      `[ -e ${folder}/hung ] || { touch ${folder}/hung; exec sleep 60; }; exec virsh "$@"`,
    );
    await using virsh = openVirsh({ uri: libvirt.uri, program, commandTimeoutMs: 300 });
    await expect(virsh.run('list', [])).rejects.toMatchObject({ code: 'TIMEOUT', effect: 'unknown' });
    await using patient = openVirsh({ uri: libvirt.uri, program });
    expect(await patient.run('echo', ['a'])).toBe('a');
  });

  it('starts virsh again after it died', async () => {
    const program = await fake(
      `[ -e ${folder}/died ] || { touch ${folder}/died; read x; exit 3; }; exec virsh "$@"`,
    );
    await using virsh = openVirsh({ uri: libvirt.uri, program });
    await expect(virsh.run('echo', ['a'])).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      effect: 'unknown',
    });
    expect(await virsh.run('echo', ['a'])).toBe('a');
  });

  it('lets a call be cancelled, alone', async () => {
    await using virsh = openVirsh({ program: await fake('exec sleep 61') });
    const stop = new AbortController();
    const hanging = virsh.run('list', [], { signal: stop.signal });
    stop.abort();
    await expect(hanging).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(virsh.run('list', [], { signal: stop.signal })).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('does not read without end', async () => {
    await using virsh = openVirsh({ program: await fake('exec cat /dev/zero') });
    await expect(virsh.run('list', [])).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' });
  });

  it('refuses what is asked after its end', async () => {
    const virsh = openVirsh({ uri: libvirt.uri });
    expect(await virsh.run('echo', ['a'])).toBe('a');
    await virsh[Symbol.asyncDispose]();
    await virsh[Symbol.asyncDispose]();
    await expect(virsh.run('echo', ['a'])).rejects.toMatchObject({ code: 'NOT_OPEN' });
  });
});

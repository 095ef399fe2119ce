import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Capture } from '@sendense/core';
import { type FileStatus, linuxImageLocks, nodeFileSystem } from '@sendense/plugin-kit/files';
import { type LibvirtDaemon, startLibvirt } from '@sendense/tests/libvirt';
import { describeWithPeers } from '@sendense/tests/peers';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LibvirtBench } from './libvirt-bench.ts';
import { checkpointsOf, storedBitmaps } from './libvirt-fixture.ts';
import type { Received } from './live-bench.ts';

const KIB = 1024;
const CLUSTER = 64 * KIB;
const MIB = 1024 * KIB;

/** The point holds what the disks hold now; disks of megabytes are compared natively. */
function expectSame({ disks }: Received, bench: LibvirtBench): void {
  const now = bench.now();
  expect(disks.map((disk, index) => now[index]?.equals(disk))).toEqual(now.map(() => true));
}

async function changedBytes({ disks }: Capture): Promise<number> {
  let bytes = 0;
  for (const { changes } of disks) {
    if (changes.kind === 'full') return -1;
    for await (const { length } of changes.extents()) bytes += length;
  }
  return bytes;
}

async function statusOf(path: string): Promise<FileStatus> {
  const status = await nodeFileSystem.stat(path);
  if (status === undefined) throw new Error(`${path} is gone`);
  return status;
}

const peers = ['libvirt', 'qemu-system-x86_64', 'qemu-img', 'qemu-nbd', 'ovmf'] as const;

describeWithPeers(peers, 'a domain that is shut off', () => {
  let libvirt: LibvirtDaemon;

  beforeAll(async () => {
    libvirt = await startLibvirt();
  }, 120_000);

  afterAll(() => libvirt[Symbol.asyncDispose]());

  const open = async (targets: readonly string[] = ['vda'], nvram?: string) =>
    await LibvirtBench.open(libvirt, targets, {
      persistent: true,
      ...(nvram === undefined ? {} : { nvram }),
    });

  const at = (cluster: number, value: number) => ({ offset: cluster * CLUSTER, length: CLUSTER, value });

  it('goes on where the running one ended, and the running one where it ended', async () => {
    await using bench = await open(['vda', 'vdb']);
    const source = bench.source();
    let last = await bench.round(source);
    const next = async (expectedBytes: number) => {
      const point = await bench.round(source, last, {}, async (capture) => {
        expect(await changedBytes(capture)).toBe(expectedBytes);
      });
      expectSame(point, bench);
      await source.retire(last.state === null ? [] : [last.state]);
      last = point;
    };
    await bench.write('vda', at(1, 1));
    await bench.write('vdb', at(2, 2), at(4, 0));
    await bench.domain.destroy();
    await next(3 * CLUSTER);
    await next(0);
    const names = await checkpointsOf(libvirt, bench.domain);
    expect(names).toHaveLength(1);
    for (const target of ['vda', 'vdb'])
      expect(await storedBitmaps(bench.domain.path(target))).toEqual(names);
    await bench.domain.start();
    await bench.write('vdb', at(5, 5));
    await next(CLUSTER);
    await bench.write('vda', at(6, 6));
    await bench.domain.destroy();
    await next(CLUSTER);
  });

  it('after its QEMU was killed is read in full: a new bitmap is gone, a stored one inconsistent', async () => {
    await using bench = await open();
    const source = bench.source();
    const first = await bench.round(source);
    await bench.domain.kill();
    const second = await bench.answers(source, first);
    expect(second.kinds).toEqual(['tracking-lost']);
    await bench.domain.start();
    await bench.write('vda', at(1, 1));
    await bench.domain.io('vda', 'flush'); // what a killed QEMU has not flushed is lost
    await bench.domain.kill();
    const third = await bench.answers(source, second);
    expect(third.kinds).toEqual(['tracking-inconsistent']);
    expectSame(third, bench);
    await source.retire([first.state, second.state].flatMap((state) => state ?? []));
    expect(await storedBitmaps(bench.domain.path('vda'))).toHaveLength(1);
    expect((await bench.answers(source, third)).kinds).toEqual(['incremental']);
  });

  it('of which somebody took a snapshot while it ran continues over the chain', async () => {
    await using bench = await open();
    const { name } = bench.domain;
    const overlay = join(libvirt.folder, `${name}-overlay.qcow2`);
    const snapshot = ['snapshot-create-as', name, 'theirs', '--disk-only', '--no-metadata'];
    await bench.domain.destroy();
    const source = bench.source();
    const first = await bench.round(source);
    // libvirt knows of the bitmap, and does not let it be cut off
    await expect(libvirt.virsh(...snapshot, '--diskspec', `vda,file=${overlay}`)).rejects.toThrow(
      /checkpoint/,
    );
    await bench.domain.start();
    await bench.write('vda', at(1, 1));
    await libvirt.virsh(...snapshot, '--diskspec', `vda,file=${overlay}`);
    await bench.write('vda', at(3, 3));
    await bench.domain.destroy();
    const second = await bench.round(source, first, {}, async (capture) => {
      expect(await changedBytes(capture)).toBe(2 * CLUSTER);
    });
    expectSame(second, bench);
    await source.reconcile(bench.keep());
    expect([await storedBitmaps(overlay), await storedBitmaps(bench.domain.path('vda'))]).toEqual([[], []]);
    expect(await checkpointsOf(libvirt, bench.domain)).toEqual([]);
  });

  it('over whose disk an overlay was put by hand, or that was resized or replaced, is read in full', async () => {
    await using bench = await open(['vda', 'vdb', 'vdc', 'vdd']);
    await bench.domain.destroy();
    const source = bench.source();
    const first = await bench.round(source);
    const { domain } = bench;
    const overlay = join(libvirt.folder, `${domain.name}-by-hand.qcow2`);
    await execa('qemu-img', [
      'create',
      '-q',
      '-f',
      'qcow2',
      '-b',
      domain.path('vda'),
      '-F',
      'qcow2',
      overlay,
    ]);
    domain.useImage('vda', overlay);
    await execa('qemu-img', ['resize', '-q', domain.path('vdb'), '8M']);
    await domain.addDisk({ target: 'vdc', sizeBytes: 4 * MIB }, 'other');
    await domain.define();
    expect((await bench.answers(source, first)).kinds).toEqual([
      'tracking-lost',
      'disk-resized',
      'disk-replaced',
      'incremental',
    ]);
  });

  it('with a raw disk reads that in full, and the others go on; one in no file has to run', async () => {
    await using bench = await open();
    await bench.domain.destroy();
    await bench.domain.addDisk({ target: 'vdb', sizeBytes: 4 * MIB, format: 'raw' });
    await bench.domain.define();
    const source = bench.source();
    const first = await bench.round(source);
    expect(first.state?.disks).toEqual(['vda']);
    const second = await bench.answers(source, first);
    expect(second.kinds).toEqual(['incremental', 'no-change-tracking']);
    expect(second.disks[1]?.equals(Buffer.alloc(4 * MIB))).toBe(true);
    const remote = join(libvirt.folder, 'remote.xml');
    await writeFile(
      remote,
      "<disk type='network' device='disk'><driver name='qemu' type='raw'/><source protocol='nbd' name='x'>" +
        "<host name='127.0.0.1' port='1'/></source><target dev='vdc' bus='virtio'/></disk>",
    );
    await libvirt.virsh('attach-device', bench.domain.name, remote, '--config');
    await expect(bench.request(source, [])).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      remedy: expect.stringContaining('start the machine'),
    });
  });

  it('that is started while it is read has lost its instant, and nothing else', async () => {
    await using bench = await open();
    const source = bench.source();
    const first = await bench.round(source);
    await bench.write('vda', at(1, 1));
    await bench.domain.destroy();
    const capture = await source.capture(
      await bench.request(
        source,
        [first.state].flatMap((one) => one ?? []),
      ),
    );
    await bench.domain.start();
    await bench.write('vda', at(2, 2));
    await expect(capture.seal()).rejects.toMatchObject({ code: 'INSTANT_LOST' });
    await capture[Symbol.asyncDispose]();
    expect(await bench.domain.bitmaps()).toHaveLength(1);
    const second = await bench.answers(source, first);
    expect(second.kinds).toEqual(['incremental']);
    expectSame(second, bench);
  });

  it('whose image another program writes to is refused with LOCKED, and loses nothing', async () => {
    await using bench = await open();
    await bench.domain.destroy();
    const source = bench.source();
    const first = await bench.round(source);
    const request = await bench.request(source, []);
    const pidFile = join(libvirt.folder, 'theirs.pid');
    const socket = join(libvirt.folder, 'theirs.sock');
    const image = bench.domain.path('vda');
    const flags = ['--fork', '--pid-file', pidFile, '-f', 'qcow2', '-t', '-k', socket, image];
    await execa('qemu-nbd', flags, { stdio: 'ignore' });
    try {
      await expect(source.capture(request)).rejects.toMatchObject({ code: 'LOCKED', retry: 'later' });
      const { findings } = await source.reconcile(bench.keep({ states: [] }));
      expect(findings.map(({ code }) => code)).toEqual(['not-removed']);
    } finally {
      process.kill(Number(await readFile(pidFile, 'utf8')));
      while ((await linuxImageLocks(await statusOf(image)))?.written === true);
    }
    expect((await bench.answers(source, first)).kinds).toEqual(['incremental']);
    await source.reconcile(bench.keep());
    expect(await storedBitmaps(image)).toEqual([]);
  });

  it('that is saved with its memory says that this is left out, and goes on when it is restored', async () => {
    await using bench = await open();
    const source = bench.source();
    const first = await bench.round(source);
    await bench.write('vda', at(1, 1));
    await libvirt.virsh('managedsave', bench.domain.name);
    const second = await bench.round(source, first, {}, async (capture) => {
      expect(await changedBytes(capture)).toBe(CLUSTER);
      expect(capture.findings.map(({ code }) => code)).toContain('memory-left-out');
    });
    await libvirt.virsh('start', bench.domain.name, '--paused');
    await bench.write('vda', at(2, 2));
    const third = await bench.round(source, second, {}, async (capture) => {
      expect(await changedBytes(capture)).toBe(CLUSTER);
    });
    expect(second.disks[0]?.[CLUSTER]).toBe(1);
    expectSame(third, bench);
  });

  it('carries its XML and UEFI variables; the dry run says what is read, and no consistency is made up', async () => {
    const nvram = join(libvirt.folder, 'stopped-vars.fd');
    await copyFile('/usr/share/OVMF/OVMF_VARS_4M.fd', nvram);
    await libvirt.own(nvram);
    await using bench = await open(['vda'], nvram);
    const source = bench.source();
    const first: Received = await bench.round(source);
    await bench.write('vda', at(1, 1));
    await bench.domain.destroy();
    for await (const { power } of source.machines()) expect(power).toBe('off');
    const request = await bench.request(
      source,
      [first.state].flatMap((one) => one ?? []),
    );
    expect((await source.plan(request)).disks).toMatchObject([
      { kind: 'incremental', changedBytes: CLUSTER, readBytes: CLUSTER },
    ]);
    await bench.round(source, first, {}, async ({ artifacts }) => {
      const [xml, variables] = await Promise.all(artifacts.map((artifact) => artifact.bytes()));
      expect(new TextDecoder().decode(xml)).toContain(bench.domain.uuid);
      expect(variables).toEqual(new Uint8Array(await readFile(nvram)));
    });
    const strict = { want: 'filesystem', accept: 'filesystem' } as const;
    await expect(source.capture({ ...request, consistency: strict })).rejects.toMatchObject({
      code: 'QUIESCE_FAILED',
    });
  });

  it('keeps at most three baselines, and leaves the bitmaps and checkpoints of others alone', async () => {
    await using bench = await open();
    await libvirt.virsh('checkpoint-create-as', bench.domain.name, 'theirs');
    await bench.domain.destroy();
    const image = bench.domain.path('vda');
    await execa('qemu-img', ['bitmap', '--add', image, 'by-hand']);
    const source = bench.source();
    for (let round = 0; round < 3; round++) expect((await bench.round(source)).state).not.toBeNull();
    expect((await bench.round(source)).state).toBeNull();
    await source.reconcile(bench.keep());
    expect(await storedBitmaps(image)).toEqual(['by-hand', 'theirs']);
    expect(await checkpointsOf(libvirt, bench.domain)).toEqual(['theirs']);
  });
});

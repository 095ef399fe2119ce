import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { LibvirtDaemon } from './libvirt-daemon.ts';

/** A disk of a test domain. */
export type LiveDiskOptions = {
  /** `vda`, `vdb`, … are virtio-blk disks, `sda`, `sdb`, … hang on a virtio-scsi controller. */
  readonly target: string;
  readonly sizeBytes: number;
  readonly format?: 'qcow2' | 'raw';
  readonly device?: LiveDevice;
};

/** The guest's device of a disk. */
export type LiveDevice = {
  /** It is served by a thread of its own (virtio-blk only). */
  readonly iothread?: boolean;
  /** Logical and physical sectors; default 512. */
  readonly sectorBytes?: 512 | 4096;
};

/** What a test domain is made of. */
export type LiveDomainOptions = {
  readonly name: string;
  readonly uuid: string;
  readonly disks: readonly LiveDiskOptions[];
  /** File of UEFI variables: the domain starts with OVMF instead of a BIOS. */
  readonly nvram?: string;
  /** libvirt keeps the domain, and its checkpoints, when it is stopped. */
  readonly persistent?: boolean;
};

type Image = {
  readonly path: string;
  readonly format: 'qcow2' | 'raw';
  readonly device: LiveDevice;
};

/** A write as a guest makes it: `length` bytes of `value`; 0 is a write of zeros. */
export type DomainWrite = { readonly offset: number; readonly length: number; readonly value: number };

/**
 * A domain, by default a transient one, with emulated processors that stay stopped: the disks are live in a QEMU of
 * libvirt, and the only writes are those of the test.
 */
export class LiveDomain {
  readonly name: string;
  readonly uuid: string;
  readonly #libvirt: LibvirtDaemon;
  readonly #nvram: string | undefined;
  readonly #persistent: boolean;
  readonly #disks = new Map<string, Image>();

  constructor(
    libvirt: LibvirtDaemon,
    { name, uuid, nvram, persistent = false }: Omit<LiveDomainOptions, 'disks'>,
  ) {
    this.#libvirt = libvirt;
    this.#nvram = nvram;
    this.#persistent = persistent;
    this.name = name;
    this.uuid = uuid;
  }

  /** Path of the image that a disk was started with. */
  path(target: string): string {
    return this.#disks.get(target)?.path ?? '';
  }

  /** Makes an empty image for the disk `target`; the next `start` has it. */
  async addDisk(
    { target, sizeBytes, format = 'qcow2', device = {} }: LiveDiskOptions,
    file = target,
  ): Promise<void> {
    const path = join(this.#libvirt.folder, `${this.name}-${file}.${format}`);
    await execa('qemu-img', ['create', '-q', '-f', format, path, String(sizeBytes)]);
    await this.#libvirt.own(path);
    this.#disks.set(target, { path, format, device });
  }

  /** Leaves the disk `target` out of the next `start`. */
  removeDisk(target: string): void {
    this.#disks.delete(target);
  }

  /** The next `start` finds another image in the disk `target`. */
  useImage(target: string, path: string, format: 'qcow2' | 'raw' = 'qcow2'): void {
    this.#disks.set(target, { path, format, device: this.#disks.get(target)?.device ?? {} });
  }

  /** The XML that `start` gives to libvirt. */
  xml(): string {
    return [
      `<domain type='qemu'><name>${this.name}</name><uuid>${this.uuid}</uuid>`,
      "<memory unit='MiB'>16</memory><vcpu>1</vcpu><iothreads>1</iothreads>",
      `<os><type arch='x86_64' machine='pc'>hvm</type>${this.#firmware()}<devices>`,
      ...[...this.#disks].map(([target, image]) => diskXml(target, image)),
      "<controller type='scsi' model='virtio-scsi'/>",
      "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>",
      "<controller type='usb' model='none'/><memballoon model='none'/></devices></domain>",
    ].join('\n');
  }

  #firmware(): string {
    if (this.#nvram === undefined) return '</os>';
    const code = "<loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>";
    return `${code}<nvram>${this.#nvram}</nvram></os><features><acpi/></features>`;
  }

  /** Creates the domain; its processors do not run. */
  async start(): Promise<void> {
    if (this.#persistent) {
      await this.define();
      await this.#libvirt.virsh('start', this.name, '--paused');
      return;
    }
    const file = join(this.#libvirt.folder, `${this.name}.xml`);
    await writeFile(file, this.xml());
    await this.#libvirt.virsh('create', file, '--paused');
  }

  /** Ends QEMU as libvirt does: it closes its images. A transient domain is gone then, with its checkpoints. */
  async destroy(): Promise<void> {
    await this.#libvirt.virsh('destroy', this.name);
  }

  /** Defines the domain, stopped. */
  async define(): Promise<void> {
    const file = join(this.#libvirt.folder, `${this.name}.xml`);
    await writeFile(file, this.xml());
    await this.#libvirt.virsh('define', file);
  }

  /** Ends QEMU with SIGKILL, as a crash does, and waits until libvirt knows. */
  async kill(): Promise<void> {
    const run = join(this.#libvirt.folder, 'run', 'libvirt', 'qemu', 'run', `${this.name}.pid`);
    process.kill(Number(await readFile(run, 'utf8')), 'SIGKILL');
    while ((await this.#libvirt.virsh('list', '--name')).split('\n').includes(this.name));
  }

  /** Writes through QEMU, so that its dirty bitmaps see it. */
  async write(target: string, ...writes: readonly DomainWrite[]): Promise<void> {
    const commands = writes.map(({ offset, length, value }) =>
      value === 0 ? `write -z ${offset} ${length}` : `write -P ${value} ${offset} ${length}`,
    );
    await this.io(target, ...commands);
  }

  /** Runs commands of qemu-io on a disk, as the guest. */
  async io(target: string, ...commands: readonly string[]): Promise<void> {
    const index = target.charCodeAt(2) - 'a'.charCodeAt(0); // libvirt counts by the letter
    const device = isScsi(target)
      ? `scsi0-0-0-${index}`
      : `/machine/peripheral/virtio-disk${index}/virtio-backend`;
    const lines = commands.map(
      (command) => `qemu-monitor-command ${this.uuid} --hmp 'qemu-io -d ${device} "${command}"'`,
    );
    const answer = await this.#libvirt.virshLines(lines);
    if (/error|failed/i.test(answer)) throw new Error(answer);
  }

  /** The names of the dirty bitmaps that QEMU has, of all disks. */
  async bitmaps(): Promise<readonly string[]> {
    return (await this.#nodes()).flatMap(namesOf).sort();
  }

  /** Takes a bitmap away behind the back of libvirt. */
  async removeBitmap(target: string, name: string): Promise<void> {
    const node = (await this.#nodes()).find(
      (one) => one.image.filename === this.path(target) && namesOf(one).includes(name),
    );
    await this.#qmp('block-dirty-bitmap-remove', { node: node?.['node-name'], name });
  }

  async #nodes(): Promise<readonly Node[]> {
    return (await this.#qmp('query-named-block-nodes', { flat: true })) as readonly Node[];
  }

  async #qmp(execute: string, args: object): Promise<unknown> {
    const command = JSON.stringify({ execute, arguments: args });
    const answer = JSON.parse(await this.#libvirt.virsh('qemu-monitor-command', this.name, command));
    if ('error' in answer) throw new Error(JSON.stringify(answer.error));
    return answer.return;
  }
}

type Node = {
  readonly 'node-name': string;
  readonly image: { readonly filename: string };
  readonly 'dirty-bitmaps'?: readonly { readonly name?: string }[];
};

function namesOf(node: Node): readonly string[] {
  return (node['dirty-bitmaps'] ?? []).flatMap(({ name }) => name ?? []);
}

function isScsi(target: string): boolean {
  return target.startsWith('sd');
}

function diskXml(target: string, { path, format, device }: Image): string {
  const { iothread = false, sectorBytes } = device;
  const sectors =
    sectorBytes === undefined
      ? ''
      : `<blockio logical_block_size='${sectorBytes}' physical_block_size='${sectorBytes}'/>`;
  return (
    `<disk type='file' device='disk'><driver name='qemu' type='${format}' discard='unmap'` +
    `${iothread ? " iothread='1'" : ''}/><source file='${path}'/>${sectors}` +
    `<target dev='${target}' bus='${isScsi(target) ? 'scsi' : 'virtio'}'/></disk>`
  );
}

/** Makes the images of a domain and starts it. */
export async function startDomain(libvirt: LibvirtDaemon, options: LiveDomainOptions): Promise<LiveDomain> {
  const domain = new LiveDomain(libvirt, options);
  for (const disk of options.disks) await domain.addDisk(disk);
  await domain.start();
  return domain;
}

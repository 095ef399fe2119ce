import { readFile } from 'node:fs/promises';
import { SendenseError } from '@sendense/core';
import { parseDomain } from '@sendense/platform-kvm/domain';
import type { QemuTargetServices } from '@sendense/target-qemu';

type Virsh = NonNullable<QemuTargetServices['virsh']>;
type Defined = { xml: string; state: string };

/** What the host offers, in the words of `virsh domcapabilities`. */
export type FakeOffer = {
  readonly types?: readonly string[];
  readonly machines?: readonly string[];
  readonly firmware?: readonly string[];
  readonly secureBoot?: boolean;
  readonly buses?: readonly string[];
  readonly tpm?: boolean;
  readonly networks?: readonly string[];
};

const values = (name: string, given: readonly string[]): string =>
  `<enum name='${name}'>${given.map((value) => `<value>${value}</value>`).join('')}</enum>`;

function refused(message: string, code: 'NOT_FOUND' | 'UNSUPPORTED' | 'UNEXPECTED'): SendenseError {
  return new SendenseError(code, `libvirt refused: ${message}`, { operation: 'fake' });
}

/** A libvirt of which only the definitions are kept, to be shared by several sessions. */
export class FakeLibvirt {
  readonly domains = new Map<string, Defined>();
  readonly commands: string[] = [];
  /** Runs before each command; what it throws is the command's answer. */
  before: (command: string) => void = () => undefined;
  readonly #offer: FakeOffer;

  constructor(offer: FakeOffer = {}) {
    this.#offer = offer;
  }

  /** A session; disposing it ends nothing. */
  open(): Virsh {
    return {
      run: async (command, args) => {
        this.commands.push(command);
        this.before(command);
        return await this.#run(command, args);
      },
      [Symbol.asyncDispose]: async () => undefined,
    };
  }

  /** The only domain of that name. */
  byName(name: string): Defined | undefined {
    return [...this.domains.values()].find(({ xml }) => parseDomain(xml).name === name);
  }

  async #run(command: string, args: readonly string[]): Promise<string> {
    const { networks = ['default'] } = this.#offer;
    switch (command) {
      case 'list':
        return [...this.domains].map(([uuid, { xml }]) => `${uuid} ${parseDomain(xml).name}\n`).join('');
      case 'net-list':
        return networks.map((name) => ` ${name}\n`).join('');
      case 'snapshot-list':
        return '';
      case 'domcapabilities':
        return this.#capabilities(args);
      case 'define':
        return await this.#define(args[1] ?? '');
      default:
        return this.#change(command, args.at(-1) ?? '');
    }
  }

  #change(command: string, uuid: string): string {
    const domain = this.domains.get(uuid);
    if (domain === undefined) throw refused(`failed to get domain '${uuid}'`, 'NOT_FOUND');
    switch (command) {
      case 'dumpxml':
        return domain.xml;
      case 'domstate':
        return `${domain.state}\n`;
      case 'start':
        domain.state = 'running';
        return '';
      case 'destroy':
        domain.state = 'shut off';
        return '';
      case 'undefine':
        this.domains.delete(uuid);
        return '';
      default:
        throw refused(`unknown command ${command}`, 'UNSUPPORTED');
    }
  }

  async #define(path: string): Promise<string> {
    const xml = await readFile(path, 'utf8');
    const { uuid = '', name } = parseDomain(xml);
    const other = [...this.domains].find(
      ([id, there]) => parseDomain(there.xml).name === name && id !== uuid,
    );
    if (other !== undefined)
      throw refused(`domain '${name}' already exists with uuid ${other[0]}`, 'UNEXPECTED');
    this.domains.set(uuid, { xml, state: this.domains.get(uuid)?.state ?? 'shut off' });
    return '';
  }

  #capabilities(args: readonly string[]): string {
    const { types = ['kvm', 'qemu'], machines = ['q35', 'pc'], firmware = ['bios', 'efi'] } = this.#offer;
    const { secureBoot = true, buses = ['virtio', 'scsi', 'sata'], tpm = true } = this.#offer;
    const [, type = '', , architecture = '', , machine = 'q35'] = args;
    if (!types.includes(type) || !machines.includes(machine)) {
      throw refused(`the machine '${machine}' is not supported by emulator`, 'UNEXPECTED');
    }
    const here = machine === 'pc' ? [...buses.filter((bus) => bus !== 'sata'), 'ide'] : buses;
    return `<domainCapabilities><domain>${type}</domain><machine>${machine}</machine><arch>${architecture}</arch>
      <os supported='yes'>${values('firmware', firmware)}
        <loader supported='yes'>${values('secure', secureBoot ? ['yes', 'no'] : ['no'])}</loader></os>
      <cpu><mode name='host-model' supported='yes'/><mode name='maximum' supported='yes'/></cpu>
      <devices><disk supported='yes'>${values('bus', here)}</disk>
        <tpm supported='${tpm ? 'yes' : 'no'}'>${values('model', ['tpm-tis', 'tpm-crb'])}${values('backendModel', ['emulator'])}</tpm>
      </devices></domainCapabilities>`;
  }
}

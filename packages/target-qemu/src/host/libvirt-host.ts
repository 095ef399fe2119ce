import { join } from 'node:path';
import { type Call, SendenseError } from '@sendense/core';
import {
  type Domain,
  type DomainCapabilities,
  parseDomain,
  parseDomainCapabilities,
} from '@sendense/platform-kvm/domain';
import type { VirshSession } from '@sendense/platform-kvm/virsh';
import type { FileSystem } from '@sendense/plugin-kit/files';

/** A domain of the host. */
export type HostDomain = {
  readonly uuid: string;
  /** What it has from its next start on. */
  readonly domain: Domain;
  /** Without passwords: it is journalled. */
  readonly xml: string;
  /** `shut off`, `running`, `paused`, …, as virsh says it. */
  readonly state: string;
};

/** What libvirt is asked for on a host. */
export class LibvirtHost implements AsyncDisposable {
  readonly #virsh: Pick<VirshSession, 'run' | typeof Symbol.asyncDispose>;
  readonly #fileSystem: FileSystem;
  readonly #temporaryDirectory: string;

  constructor(
    virsh: Pick<VirshSession, 'run' | typeof Symbol.asyncDispose>,
    fileSystem: FileSystem,
    temporaryDirectory: string,
  ) {
    this.#virsh = virsh;
    this.#fileSystem = fileSystem;
    this.#temporaryDirectory = temporaryDirectory;
  }

  /** The domain of that name or UUID; `undefined` when there is none. */
  async find(nameOrUuid: string, call?: Call): Promise<HostDomain | undefined> {
    const known = (await this.list(call)).find(({ uuid, name }) => [uuid, name].includes(nameOrUuid));
    if (known === undefined) return undefined;
    const { uuid } = known;
    try {
      const xml = await this.#virsh.run('dumpxml', ['--inactive', uuid], call);
      const state = (await this.#virsh.run('domstate', [uuid], call)).trim();
      return { uuid, xml, state, domain: parseDomain(xml) };
    } catch (error) {
      if (SendenseError.is(error, 'NOT_FOUND')) return undefined;
      throw error;
    }
  }

  /** All domains that are defined or run. */
  async list(call?: Call): Promise<readonly { readonly uuid: string; readonly name: string }[]> {
    const text = await this.#virsh.run('list', ['--all', '--uuid', '--name'], call);
    return text.split('\n').flatMap((line) => {
      const [, uuid, name] = /^\s*([0-9a-f-]{36})\s+(.+?)\s*$/.exec(line) ?? [];
      return uuid === undefined || name === undefined ? [] : [{ uuid, name }];
    });
  }

  /** Names of the domain's snapshots, internal and external. */
  async snapshots(uuid: string, call?: Call): Promise<readonly string[]> {
    return lines(await this.#virsh.run('snapshot-list', ['--name', uuid], call));
  }

  /** Names of libvirt's networks. */
  async networks(call?: Call): Promise<readonly string[]> {
    return lines(await this.#virsh.run('net-list', ['--all', '--name'], call));
  }

  /** What the host offers to domains of `type`; `undefined` when it does not have that type, architecture or machine. */
  async capabilities(
    type: string,
    architecture: string,
    machine: string | undefined,
    call?: Call,
  ): Promise<DomainCapabilities | undefined> {
    const args = ['--virttype', type, '--arch', architecture];
    if (machine !== undefined) args.push('--machine', machine);
    try {
      return parseDomainCapabilities(await this.#virsh.run('domcapabilities', args, call));
    } catch (error) {
      if (!SendenseError.is(error) || !/not supported|unsupported|cannot find/i.test(error.message))
        throw error;
      return undefined;
    }
  }

  /** Defines a domain, or replaces the definition of the one with the same UUID. */
  async define(xml: string, id: string, call?: Call): Promise<void> {
    await this.removeDraft(id);
    await this.#write(this.#draftPath(id), xml);
    try {
      await this.#virsh.run('define', ['--file', this.#draftPath(id)], call);
    } finally {
      await this.removeDraft(id);
    }
  }

  /** Removes the file that `define` hands to virsh, where a process died before it did so itself. */
  async removeDraft(id: string): Promise<void> {
    const path = this.#draftPath(id);
    if ((await this.#fileSystem.stat(path)) !== undefined) await this.#fileSystem.unlink(path);
  }

  /** Forgets a stopped domain; its disks and UEFI variables stay. */
  async undefine(uuid: string, call?: Call): Promise<void> {
    await this.#virsh.run('undefine', ['--keep-nvram', uuid], call);
  }

  async start(uuid: string, call?: Call): Promise<void> {
    await this.#virsh.run('start', [uuid], call);
  }

  /** Switches a domain off at once. */
  async destroy(uuid: string, call?: Call): Promise<void> {
    await this.#virsh.run('destroy', [uuid], call);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#virsh[Symbol.asyncDispose]();
  }

  #draftPath(id: string): string {
    return join(this.#temporaryDirectory, `sendense-${id}.xml`);
  }

  async #write(path: string, text: string): Promise<void> {
    await using file = await this.#fileSystem.open(path, 'create');
    await file.write(new TextEncoder().encode(text), 0);
  }
}

function lines(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** Whether nothing of the domain runs. */
export function isOff({ state }: HostDomain): boolean {
  return state === 'shut off' || state === 'crashed';
}

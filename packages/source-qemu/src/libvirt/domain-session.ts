import { randomUUID } from 'node:crypto';
import { unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Call, SendenseError } from '@sendense/core';
import { openVirsh, type VirshSession } from '@sendense/platform-kvm/virsh';

/** Which domain of which libvirt. */
export type DomainAddress = {
  readonly uri: string;
  /** Its name or UUID. */
  readonly domain: string;
  /** For XML that virsh reads. */
  readonly temporaryDirectory: string;
};

/** virsh commands about one domain. */
export class DomainSession implements AsyncDisposable {
  readonly address: DomainAddress;
  readonly #virsh: VirshSession;
  /** Says how many of something there were; the quiet one does not. */
  readonly #talkative: VirshSession;

  constructor(address: DomainAddress) {
    this.address = address;
    this.#virsh = openVirsh({ uri: address.uri });
    this.#talkative = openVirsh({ uri: address.uri, quiet: false });
  }

  /** Runs `command DOMAIN ...args`; see `VirshSession.run`. */
  run(command: string, args: readonly string[] = [], call?: Call): Promise<string> {
    return this.#virsh.run(command, [this.address.domain, ...args], call);
  }

  /** Runs a command that says how many things it was done to, and resolves with that. */
  async count(command: string): Promise<number> {
    const said = await this.#talkative.run(command, [this.address.domain]);
    const [number] = /\d+/.exec(said) ?? [];
    if (number !== undefined) return Number(number);
    throw new SendenseError('PROTOCOL_VIOLATION', `virsh ${command} gave no number: ${said.slice(0, 200)}`, {
      operation: command,
      effect: 'unknown',
    });
  }

  /** As `run`, where what is asked for may not be there: `undefined` for `NOT_FOUND`. */
  async find(command: string, args: readonly string[] = [], call?: Call): Promise<string | undefined> {
    return await this.run(command, args, call).catch((error: unknown) => {
      if (SendenseError.is(error, 'NOT_FOUND')) return undefined;
      throw error;
    });
  }

  /** Runs `use` with files that hold these documents; virsh takes XML only from files. */
  async withFiles<T>(
    documents: readonly string[],
    use: (paths: readonly string[]) => Promise<T>,
  ): Promise<T> {
    const paths = documents.map(() => join(this.address.temporaryDirectory, `sendense-${randomUUID()}.xml`));
    try {
      for (const [index, path] of paths.entries()) {
        await writeFile(path, documents[index] ?? '', { mode: 0o600, flag: 'wx' });
      }
      return await use(paths);
    } finally {
      for (const path of paths) await unlink(path).catch(() => undefined); // it may never have been written
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#virsh[Symbol.asyncDispose]();
    await this.#talkative[Symbol.asyncDispose]();
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { qemuEnvironment } from '../nbd/peer-programs.ts';

/** A disk of a live machine. */
export type LiveDiskOptions = {
  /** Name of the guest's device, and of the block node with `-node` behind it. */
  readonly id: string;
  readonly path: string;
  /** Default `qcow2`. */
  readonly format?: 'qcow2' | 'raw';
  readonly readOnly?: boolean;
  /** A CD-ROM drive instead of a disk. */
  readonly removable?: boolean;
};

/** How a live machine is started. */
export type LiveQemuOptions = {
  /** For the sockets; must be short, sockets hold 107 characters. */
  readonly folder: string;
  readonly disks: readonly LiveDiskOptions[];
  readonly uuid?: string;
  readonly name?: string;
  /** The QEMU of peer `qemu-recent` instead of the machine's own. */
  readonly recent?: boolean;
  /** Further arguments. */
  readonly args?: readonly string[];
};

type Answer = { readonly return?: unknown; readonly error?: { readonly desc: string }; readonly id?: number };

function diskArguments({ id, path, format = 'qcow2', readOnly = false, removable = false }: LiveDiskOptions) {
  const node = {
    driver: format,
    'node-name': `${id}-node`,
    'read-only': readOnly || removable,
    discard: 'unmap',
    file: { driver: 'file', filename: path },
  };
  const device = removable ? 'ide-cd' : 'virtio-blk-pci';
  return ['-blockdev', JSON.stringify(node), '-device', `${device},drive=${id}-node,id=${id}`];
}

/**
 * A QEMU whose guest never runs: the test writes through the guest's devices, as a guest would. It has two monitors:
 * `socket` for what is tested, and another one for the test.
 */
export class LiveQemu implements AsyncDisposable {
  /** The QMP monitor for what is tested. */
  readonly socket: string;
  readonly #child: ChildProcess;
  readonly #control: string;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #send: (line: string) => void = () => undefined;
  #close: () => void = () => undefined;
  #nextId = 1;

  private constructor(options: LiveQemuOptions) {
    this.socket = join(options.folder, 'qmp.sock');
    this.#control = join(options.folder, 'control.sock');
    const monitors = [this.socket, this.#control].flatMap((path) => [
      '-qmp',
      `unix:${path},server=on,wait=off`,
    ]);
    const bare = ['-machine', 'pc', '-accel', 'tcg', '-m', '32', '-nodefaults', '-display', 'none', '-S'];
    const named = [
      ...(options.uuid === undefined ? [] : ['-uuid', options.uuid]),
      ...(options.name === undefined ? [] : ['-name', options.name]),
    ];
    const disks = options.disks.flatMap(diskArguments);
    this.#child = spawn(
      'qemu-system-x86_64',
      [...bare, ...monitors, ...named, ...disks, ...(options.args ?? [])],
      {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: qemuEnvironment(options),
      },
    );
  }

  static async start(options: LiveQemuOptions): Promise<LiveQemu> {
    const qemu = new LiveQemu(options);
    try {
      await qemu.#connect();
      return qemu;
    } catch (error) {
      await qemu.kill();
      throw error;
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Runs a command on the test's own monitor. */
  async command(execute: string, args: { readonly [key: string]: unknown } = {}): Promise<unknown> {
    const id = this.#nextId++;
    const answer = await new Promise<Answer>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#send(`${JSON.stringify({ execute, arguments: args, id })}\n`);
    });
    if (answer.error !== undefined) throw new Error(`${execute}: ${answer.error.desc}`);
    return answer.return;
  }

  /** Runs a `qemu-io` command through the device of a disk, e.g. `write -P 7 1M 64k`: what the guest does. */
  async io(disk: string, command: string): Promise<void> {
    const line = `qemu-io -d /machine/peripheral/${disk}/virtio-backend "${command}"`;
    const said = await this.command('human-monitor-command', { 'command-line': line });
    if (said !== '') throw new Error(`${command}: ${String(said)}`);
  }

  /**
   * Bytes that QEMU has read from files, by the account of the kernel (`rchar` of `/proc/PID/io`): what it reads of its
   * images, and nothing of its sockets, which it does not `read`.
   */
  async fileBytesRead(): Promise<number> {
    const account = await readFile(`/proc/${this.pid}/io`, 'utf8');
    return Number(/^rchar: (\d+)$/m.exec(account)?.[1]);
  }

  /** Closes the images cleanly: bitmaps are saved. */
  async quit(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#send(`${JSON.stringify({ execute: 'quit' })}\n`);
    await ended;
    this.#close();
  }

  /** As when the power of the host fails: nothing is saved. */
  async kill(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await ended;
    }
    this.#close();
    for (const path of [this.socket, this.#control]) await rm(path, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  async #connect(): Promise<void> {
    const socket = await this.#open();
    socket.on('error', () => undefined); // a killed QEMU resets it; `close` follows
    const lines = createInterface(socket);
    lines.on('error', () => undefined); // it repeats those of the socket
    lines.on('line', (line) => {
      const answer = JSON.parse(line) as Answer;
      if (answer.id === undefined) return;
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
    socket.on('close', () => {
      for (const resolve of this.#waiting.values()) resolve({ error: { desc: 'QEMU is gone' } });
      this.#waiting.clear();
    });
    this.#send = (line) => void socket.write(line);
    this.#close = () => void socket.destroy();
    await this.command('qmp_capabilities');
  }

  /** The monitors are there a moment after the start. */
  async #open() {
    for (let tries = 0; tries < 2000; tries++) {
      if (this.#child.exitCode !== null) throw new Error(`QEMU ended with ${this.#child.exitCode}`);
      const socket = connect(this.#control);
      const [event] = await Promise.race([
        once(socket, 'connect').then(() => ['connect']),
        once(socket, 'error').catch((error: unknown) => [error]),
      ]).catch(() => ['error']);
      if (event === 'connect') return socket;
      socket.destroy();
      await delay(10);
    }
    throw new Error('QEMU opened no monitor');
  }
}

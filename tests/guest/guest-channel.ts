import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

/** Numbers of the last records that the guest said it wrote; see `init.sh`. */
export type Written = {
  /** Written, but perhaps only into the guest's memory. */
  readonly cached: number;
  /** On the disk, said its `fsync`. */
  readonly synced: number;
};

/** The test's own port into the guest: what it says it wrote, and commands for its shell. */
export class GuestChannel implements AsyncDisposable {
  readonly #socket: Socket;
  #written: Written = { cached: 0, synced: 0 };
  /** What the agent's hook was called with since the last look. */
  #hooks: string[] = [];
  #commands = 0;
  readonly #results = new Map<string, (status: number) => void>();
  #onLine: () => void = () => undefined;
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const lines = createInterface(socket);
    socket.on('error', () => undefined); // `close` follows
    lines.on('error', () => undefined); // it repeats those of the socket
    lines.on('line', (line) => this.#take(line));
    socket.on('close', () => {
      this.#closed = true;
      this.#onLine();
      for (const settle of this.#results.values()) settle(-1);
    });
  }

  /** Connects to the socket of the port; QEMU makes it a moment after its start. */
  static async open(path: string): Promise<GuestChannel> {
    for (let tries = 0; ; tries++) {
      const socket = connect(path);
      try {
        await once(socket, 'connect');
        return new GuestChannel(socket);
      } catch (error) {
        socket.destroy();
        if (tries === 200) throw error;
        await delay(50);
      }
    }
  }

  /** What the guest has said until now. What it wrote is at least that. */
  get written(): Written {
    return this.#written;
  }

  /** Takes what the hook was called with since the last call: `freeze`, `thaw`. */
  takeHooks(): readonly string[] {
    const hooks = this.#hooks;
    this.#hooks = [];
    return hooks;
  }

  /** Waits until the guest synced `count` more records. */
  async more(count: number): Promise<void> {
    const until = this.#written.synced + count;
    await this.#until(() => this.#written.synced >= until);
  }

  /** Waits until the hook was called with `argument` since the last `takeHooks`. */
  async hooked(argument: 'freeze' | 'thaw'): Promise<void> {
    await this.#until(() => this.#hooks.includes(argument));
  }

  /** Runs a command in the shell of the guest; rejects when it fails. */
  async run(command: string): Promise<void> {
    const id = String(++this.#commands);
    const result = Promise.withResolvers<number>();
    this.#results.set(id, result.resolve);
    this.#socket.write(`${id} ${command}\n`);
    const status = await result.promise;
    this.#results.delete(id);
    if (status !== 0) throw new Error(`the guest's "${command}" ended with ${status}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    const closed = once(this.#socket, 'close');
    this.#socket.destroy();
    await closed;
  }

  async #until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      if (this.#closed) throw new Error('the guest ended');
      const line = Promise.withResolvers<void>();
      this.#onLine = line.resolve;
      await line.promise;
    }
  }

  #take(line: string): void {
    const [what, argument = '', status] = line.split(' ');
    if (what === 'cached') this.#written = { ...this.#written, cached: Number(argument) };
    if (what === 'synced') this.#written = { ...this.#written, synced: Number(argument) };
    if (what === 'hook') this.#hooks.push(argument);
    if (what === 'ran') this.#results.get(argument)?.(Number(status));
    this.#onLine();
  }
}

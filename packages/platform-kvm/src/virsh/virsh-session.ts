import { randomUUID } from 'node:crypto';
import { abortedError, type Call, SendenseError, throwIfAborted } from '@sendense/core';
import { type FramedCommand, frameCommand, unframe } from './framed-command.ts';
import { mapVirshError } from './map-virsh-error.ts';
import { type RawReply, VirshProcess } from './virsh-process.ts';

/** How to reach libvirt. */
export type VirshOptions = {
  /** Connection URI; default `qemu:///system`. */
  readonly uri?: string;
  /** The program; default `virsh` on the PATH. */
  readonly program?: string;
  /** Default `true`. `false`: commands that change something say what they did, and tables have heads. */
  readonly quiet?: boolean;
  /** The longest wait for the answer of a command; default 120 s: a job may have to flush much. */
  readonly commandTimeoutMs?: number;
};

/** A conversation with libvirt. */
export interface VirshSession extends AsyncDisposable {
  /** The connection URI. */
  readonly uri: string;
  /**
   * Runs a virsh command and resolves with what it printed. Calls queue up. Rejects with what libvirt complained of,
   * `TIMEOUT`, `ABORTED`, or `CONNECTION_LOST` when virsh ends; the next call then starts another virsh.
   *
   * @param command - the name of the command, never from outside.
   * @param args - its arguments, quoted here. `CONFIG_INVALID` for one with a control character.
   */
  run(command: string, args: readonly string[], call?: Call): Promise<string>;
}

class Session implements VirshSession {
  readonly uri: string;
  readonly #program: string;
  readonly #args: readonly string[];
  readonly #timeoutMs: number;
  /** No reply can contain it by accident or by intent. */
  readonly #token = randomUUID();
  #count = 0;
  #process: VirshProcess | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: VirshOptions) {
    const { uri = 'qemu:///system', program = 'virsh', quiet = true, commandTimeoutMs = 120_000 } = options;
    this.uri = uri;
    this.#args = [...(quiet ? ['-q'] : []), '-c', uri];
    this.#program = program;
    this.#timeoutMs = commandTimeoutMs;
  }

  async run(command: string, args: readonly string[], call?: Call): Promise<string> {
    throwIfAborted(call?.signal, command);
    const frame = frameCommand(command, args, `${this.#count++}-${this.#token}`);
    const ask = async () => await this.#ask(command, frame, call);
    const turn = this.#turn.then(ask, ask);
    this.#turn = turn.catch(() => undefined);
    const { stdout, stderr } = await turn;
    const complaint = unframe(stderr, frame);
    if (/^error: /m.test(complaint)) throw mapVirshError(complaint, command);
    return unframe(stdout, frame);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#turn;
    await this.#process?.close();
    this.#process = undefined;
  }

  async #ask(command: string, frame: FramedCommand, call: Call | undefined): Promise<RawReply> {
    throwIfAborted(call?.signal, command);
    if (this.#closed) {
      throw new SendenseError('NOT_OPEN', 'the session with libvirt was closed', { operation: command });
    }
    const virsh = this.#running();
    const onAbort = () => virsh.kill(abortedError(command, call?.signal, undefined, 'unknown'));
    const timer = setTimeout(() => virsh.kill(timedOut(command, this.#timeoutMs)), this.#timeoutMs);
    call?.signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await virsh.ask(frame);
    } finally {
      clearTimeout(timer);
      call?.signal?.removeEventListener('abort', onAbort);
    }
  }

  #running(): VirshProcess {
    if (this.#process?.alive !== true) this.#process = new VirshProcess(this.#program, this.#args);
    return this.#process;
  }
}

function timedOut(command: string, afterMs: number): SendenseError {
  return new SendenseError('TIMEOUT', `libvirt did not answer ${command} within ${afterMs} ms`, {
    operation: command,
    effect: 'unknown',
    remedy: 'check whether the machine or its storage hangs',
  });
}

/**
 * Opens a conversation with libvirt: one virsh that reads its commands from its standard input, because each start of
 * it costs some 40 ms. It is started by the first command and again when it died.
 */
export function openVirsh(options: VirshOptions = {}): VirshSession {
  return new Session(options);
}

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { SendenseError } from '@sendense/core';
import { type FramedCommand, isComplete } from './framed-command.ts';
import { mapVirshError } from './map-virsh-error.ts';

/** What a command printed, frame included. */
export type RawReply = { readonly stdout: string; readonly stderr: string };

/** Far more than any reply needs: the XML of a domain is at most 4 MiB. */
const MAX_CHARACTERS = 16 * 1024 * 1024;

/** The longest wait for a virsh that was told to end. */
const END_TIMEOUT_MS = 2000;

/**
 * Settings that make virsh predictable: English, UTF-8 (a byte above 127 is a command key to readline otherwise), no
 * settings or history of the user.
 */
const SETTINGS = ['LC_ALL=C.UTF-8', 'LANGUAGE=en', 'TERM=dumb', 'INPUTRC=/dev/null', 'VIRSH_HISTSIZE=0'];

/** What env ends with when it does not find the program. */
const NO_PROGRAM = 127;

type Pending = {
  readonly frame: FramedCommand;
  resolve(reply: RawReply): void;
  reject(error: SendenseError): void;
};

function notStarted(program: string, cause?: Error): SendenseError {
  return new SendenseError(
    'NOT_FOUND',
    `${program} cannot be started: ${cause?.message ?? 'it is not there'}`,
    {
      operation: 'start-virsh',
      remedy: 'install the package libvirt-clients',
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

/** One virsh on its standard input. It runs one command at a time; after its end it only rejects. */
export class VirshProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #closed = Promise.withResolvers<void>();
  #stdout = '';
  #stderr = '';
  #pending: Pending | undefined;
  #failure: SendenseError | undefined;

  constructor(program: string, args: readonly string[]) {
    this.#child = spawn('env', [...SETTINGS, program, ...args]);
    const { stdin, stdout, stderr } = this.#child;
    stdout.setEncoding('utf8').on('data', (text: string) => this.#take({ stdout: text, stderr: '' }));
    stderr.setEncoding('utf8').on('data', (text: string) => this.#take({ stdout: '', stderr: text }));
    stdin.on('error', () => undefined); // its end is told by `close`
    this.#child.on('error', (error) => this.#end(notStarted(program, error)));
    this.#child.on('close', (code) => this.#end(code === NO_PROGRAM ? notStarted(program) : this.#lost()));
  }

  /** Whether it can run commands. */
  get alive(): boolean {
    return this.#failure === undefined;
  }

  /** Runs one command. Rejects when virsh ends before its answer. */
  async ask(frame: FramedCommand): Promise<RawReply> {
    if (this.#failure !== undefined) throw this.#failure;
    const reply = Promise.withResolvers<RawReply>();
    this.#stdout = '';
    this.#stderr = '';
    this.#pending = { frame, ...reply };
    this.#child.stdin.write(frame.lines);
    return await reply.promise;
  }

  /** Ends it at once: whatever it was doing goes on in libvirt. */
  kill(reason: SendenseError): void {
    this.#end(reason);
    this.#child.kill('SIGKILL');
  }

  /** Lets it end by itself. */
  async close(): Promise<void> {
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), END_TIMEOUT_MS);
    await this.#closed.promise;
    clearTimeout(timer);
  }

  #take({ stdout, stderr }: RawReply): void {
    this.#stdout += stdout;
    this.#stderr += stderr;
    if (this.#stdout.length + this.#stderr.length > MAX_CHARACTERS) {
      this.kill(
        new SendenseError('PROTOCOL_VIOLATION', `virsh printed more than ${MAX_CHARACTERS} characters`, {
          operation: 'run-virsh',
          effect: 'unknown',
        }),
      );
      return;
    }
    const pending = this.#pending;
    if (pending === undefined) return;
    if (!isComplete(this.#stdout, pending.frame) || !isComplete(this.#stderr, pending.frame)) return;
    this.#pending = undefined;
    pending.resolve({ stdout: this.#stdout, stderr: this.#stderr });
  }

  #lost(): SendenseError {
    const begun = this.#pending === undefined || this.#stderr.includes(this.#pending.frame.begin);
    const refusal = mapVirshError(this.#stderr, 'connect');
    if (!begun && refusal.code !== 'UNEXPECTED') return refusal; // libvirt did not let it in
    const said = this.#stderr.trim().slice(-1000);
    return new SendenseError('CONNECTION_LOST', `virsh ended: ${said === '' ? 'it said nothing' : said}`, {
      operation: 'run-virsh',
      effect: 'unknown',
      remedy: 'check that libvirtd (or virtqemud) runs and that the URI is right',
    });
  }

  #end(error: SendenseError): void {
    this.#failure ??= error;
    this.#pending?.reject(this.#failure);
    this.#pending = undefined;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined) {
      this.#closed.resolve();
    }
  }
}

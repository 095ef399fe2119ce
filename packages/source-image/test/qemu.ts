import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** Runs a QEMU tool and gives its standard output. */
export async function run(program: string, ...args: readonly string[]): Promise<string> {
  return (await exec(program, args)).stdout;
}

/** Runs `qemu-io` commands on an image: it maintains the recording bitmaps, as a running machine does. */
export async function qemuIo(path: string, ...commands: readonly string[]): Promise<void> {
  await run('qemu-io', ...commands.flatMap((command) => ['-c', command]), path);
}

/** A QEMU without a machine that has an image open for writing. */
export class RunningQemu {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    this.#lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  }

  static async start(path: string): Promise<RunningQemu> {
    const node = `driver=qcow2,node-name=d,file.driver=file,file.filename=${path}`;
    const bare = ['-machine', 'none', '-nodefaults', '-display', 'none', '-S'];
    const child = spawn('qemu-system-x86_64', [...bare, '-blockdev', node, '-qmp', 'stdio']);
    const qemu = new RunningQemu(child);
    await qemu.#lines.next(); // the greeting
    await qemu.#command('qmp_capabilities');
    return qemu;
  }

  /** Writes through the block layer, e.g. `write -P 7 1M 64k`. */
  async io(command: string): Promise<void> {
    await this.#command('human-monitor-command', { 'command-line': `qemu-io d "${command}"` });
  }

  async quit(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.stdin.write(`${JSON.stringify({ execute: 'quit' })}\n`);
    await ended;
  }

  /** As when the power of the host fails: nothing is closed. */
  async kill(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  async #command(execute: string, args: Record<string, string> = {}): Promise<void> {
    this.#child.stdin.write(`${JSON.stringify({ execute, arguments: args })}\n`);
    for (;;) {
      const line = await this.#lines.next();
      if (line.done === true) throw new Error(`QEMU ended during ${execute}`);
      if (!line.value.startsWith('{')) continue; // what the monitor command prints
      const answer = JSON.parse(line.value) as { error?: { desc: string }; return?: unknown };
      if (answer.error !== undefined) throw new Error(`${execute}: ${answer.error.desc}`);
      if ('return' in answer) return;
    }
  }
}

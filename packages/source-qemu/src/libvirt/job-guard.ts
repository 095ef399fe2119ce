import { type ChildProcess, spawn } from 'node:child_process';
import { dirname } from 'node:path';

/**
 * Waits until its standard input ends, which it does with the process that holds the other end, and then ends the job
 * that listens on the socket. One line of input says that the job has begun; without it libvirt may still be beginning
 * it, for at most half a minute, and must not be disturbed in that.
 */
const SCRIPT = `
uri=$1 domain=$2 socket=$3 folder=$4 begun= waited=0
trap '' HUP INT TERM
read -r begun
if [ -n "$begun" ]; then while read -r _; do :; done
else while [ $waited -lt 45 ] && [ -d "$folder" ]; do sleep 1; waited=$((waited + 1)); done; fi
virsh -q -c "$uri" backup-dumpxml "$domain" | grep -qF "$socket" && virsh -q -c "$uri" domjobabort "$domain"
`;

/**
 * Ends a backup job when this process dies. A job of libvirt outlives its client, and nobody would then look whether the
 * scratch files still find room: where they do not, QEMU fails writes of the guest. It is a shell of some 1 MiB that
 * waits; where it cannot be started, or dies with this process, the next run of the backup ends the job.
 */
export class JobGuard implements Disposable {
  readonly #shell: ChildProcess;

  constructor({ uri, domain }: { readonly uri: string; readonly domain: string }, socket: string) {
    const args = ['-c', SCRIPT, 'sendense-job-guard', uri, domain, socket, dirname(socket)];
    this.#shell = spawn('sh', args, { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    this.#shell.on('error', () => undefined); // there is no shell: see above
    this.#shell.stdin?.on('error', () => undefined);
    this.#shell.unref();
  }

  /** The job is there. */
  begun(): void {
    this.#shell.stdin?.write('begun\n');
  }

  /** The job is gone. */
  [Symbol.dispose](): void {
    this.#shell.kill('SIGKILL');
    this.#shell.stdin?.destroy();
  }
}

import { spawn } from 'node:child_process';

/** Its standard input ends without a word only when the process that holds the other end has died. */
const SCRIPT = 'read -r thawed; [ -n "$thawed" ] || virsh -q -c "$1" domfsthaw "$2"';

/**
 * Thaws a guest when this process dies while it is frozen: nobody else would. It is a shell that waits; libvirt lets its
 * thaw wait for a freeze that is still going on.
 *
 * @returns what tells it that the guest goes on.
 */
export function guardFrozen({ uri, domain }: { readonly uri: string; readonly domain: string }): () => void {
  const args = ['-c', SCRIPT, 'sendense-thaw-guard', uri, domain];
  const shell = spawn('sh', args, { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  shell.on('error', () => undefined); // there is no shell, and no guard
  shell.stdin.on('error', () => undefined); // it was killed
  shell.unref();
  return () => void shell.stdin.end('thawed\n');
}

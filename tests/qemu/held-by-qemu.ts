import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Has a `qemu-storage-daemon` open a QCOW2 image for writing, as a running machine does, until it is disposed. */
export async function heldByQemu(image: string): Promise<AsyncDisposable> {
  const node = { driver: 'qcow2', 'node-name': 'disk', file: { driver: 'file', filename: image } };
  const monitor = ['--chardev', 'stdio,id=c', '--monitor', 'chardev=c'];
  // In this order: its greeting means that the image is open.
  const daemon = spawn('qemu-storage-daemon', ['--blockdev', JSON.stringify(node), ...monitor]);
  const ended = once(daemon, 'exit');
  const greeted = await Promise.race([once(daemon.stdout, 'data').then(() => true), ended.then(() => false)]);
  if (!greeted) throw new Error('qemu-storage-daemon did not open the image');
  return {
    async [Symbol.asyncDispose]() {
      daemon.stdin.end('{"execute":"qmp_capabilities"}{"execute":"quit"}');
      await ended;
    },
  };
}

import { readFile, rename, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { captureId, changeStateSchema } from '@sendense/core';
import { createQemuSource, qemuSourceOptionsSchema } from '@sendense/source-qemu';
import { z } from 'zod';
import { receive, STREAM } from './live-bench.ts';
import { machineOf } from './live-fixture.ts';

// One backup in a process of its own, which dies right after it sent a given text to QEMU or virsh. What it prints and
// renames is what an engine would have journalled and a destination committed.

const { options, id, since, base, result, killAt } = z
  .object({
    options: qemuSourceOptionsSchema,
    id: z.string(),
    since: changeStateSchema,
    /** Files with the disks as they were at `since`. */
    base: z.array(z.string()),
    /** Where the new disks go, one file each, and the state. */
    result: z.string(),
    /** The text, and which of its occurrences. */
    killAt: z.object({ text: z.string(), occurrence: z.int() }),
  })
  .parse(JSON.parse(process.argv[2] ?? ''));

let seen = 0;
const write: unknown = Reflect.get(Socket.prototype, 'write');
if (typeof write !== 'function') throw new TypeError('sockets cannot write');
Reflect.set(Socket.prototype, 'write', function (this: Socket, ...args: readonly unknown[]): unknown {
  const sent: unknown = Reflect.apply(write, this, args);
  const [text] = args;
  if (typeof text === 'string' && text.includes(killAt.text)) {
    seen += 1;
    if (seen === killAt.occurrence) process.kill(process.pid, 'SIGKILL');
  }
  return sent;
});

const source = createQemuSource(options);
const consistency = { want: 'crash', accept: 'crash' } as const;
const request = {
  id: captureId(id),
  stream: STREAM,
  machine: await machineOf(source),
  since: [since],
  consistency,
};
const capture = await source.capture(request);
const disks = await receive(capture, await Promise.all(base.map((path) => readFile(path))));
const state = await capture.seal();
for (const [index, disk] of disks.entries()) await writeFile(`${result}.${index}`, disk);
await writeFile(`${result}.partial`, JSON.stringify(state));
await rename(`${result}.partial`, result);
await capture.commit();
await source.retire([since]);
await capture[Symbol.asyncDispose]();

/** Backs a disk up that only this program knows, by a source of its own: the engine takes any connector. */
import { readFile } from 'node:fs/promises';
import { openSendense, resolveRepository } from '@sendense/quickstart';
import { createBufferSource } from './buffer-source.ts';

const [repository = 'backups', file = 'restored.raw'] = process.argv.slice(2);
const disk = new Uint8Array(4 * 1024 * 1024).fill(7, 0, 1024 * 1024);

await using sendense = await openSendense({ stateDirectory: 'state' });
await using place = (await resolveRepository(repository, { create: true })).repository;
for (const change of [1, 2]) {
  disk.fill(change, change * 65_536, (change + 1) * 65_536);
  await using source = createBufferSource('my machine', disk);
  for await (const { machine } of source.machines()) {
    const made = await sendense.engine.backup({ source, machine, repository: place });
    console.log(`${made.kind}: ${made.bytesRead} bytes read, ${made.changedBytes} changed`);
  }
}
const point = (await sendense.points({ repository })).at(-1);
if (point === undefined) throw new Error('nothing was backed up');
await sendense.restore({ repository, point: point.id, target: `image:${file}`, format: 'raw' });
console.log(
  `the restored disk is ${Buffer.compare(await readFile(file), disk) === 0 ? 'equal' : 'different'}`,
);

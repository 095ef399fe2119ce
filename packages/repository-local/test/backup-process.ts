import { openLocalRepository } from '../src/repository-local.ts';
import { backUp, changed, DISK_BYTES } from './model-machine.ts';

/** A process that backs up: folder, sequence and id from the command line; prints the id, or the code of its error. */
const [path = '', sequence = '1', id = 'p'] = process.argv.slice(2);
const content = changed(new Uint8Array(DISK_BYTES), [{ at: Number(sequence) % 5, seed: Number(sequence) }]);
process.stdout.write('begin\n');
try {
  await using repository = await openLocalRepository({ path });
  await backUp(repository, { sequence: Number(sequence), id, content });
  process.stdout.write(`${id}\n`);
} catch (error) {
  process.stdout.write(`${(error as { code?: string }).code ?? String(error)}\n`);
}

/**
 * Backs an NBD export up as an application would that embeds the packages. Arguments: socket, size of the export in bytes,
 * repository, folder of the catalog. Run by `node` on the built packages.
 */
import { openSendense, resolveRepository } from '@sendense/quickstart';
import { createNbdSource } from './nbd-source.ts';

const [socket = '', sizeBytes = '', repository = '', stateDirectory = ''] = process.argv.slice(2);

await using sendense = await openSendense({ stateDirectory });
await using place = (await resolveRepository(repository)).repository;
const endpoint = { kind: 'nbd', address: { kind: 'unix', path: socket }, export: '' } as const;
await using source = createNbdSource(endpoint, Number(sizeBytes));
for await (const { machine } of source.machines()) {
  await sendense.engine.backup({ source, machine, repository: place });
}

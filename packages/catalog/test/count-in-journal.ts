import { openCatalog } from '@sendense/catalog';
import { SendenseError } from '@sendense/core';

// argv: path, how many times to add one. A CONFLICT means another process was first: read again.
const [path = '', times = '0'] = process.argv.slice(2);
const fence = { holder: String(process.pid), token: 1, check: () => Promise.resolve() };
await using catalog = await openCatalog({ path });
for (let done = 0; done < Number(times); ) {
  const entry = await catalog.journal.read('count');
  try {
    await catalog.journal.write('count', Number(entry?.value ?? 0) + 1, entry?.revision ?? 'absent', fence);
    done++;
  } catch (error) {
    if (!SendenseError.is(error, 'CONFLICT')) throw error;
  }
}

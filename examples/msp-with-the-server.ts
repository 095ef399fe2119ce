/**
 * What the portal of a service provider does for a customer, whose tenant the token is of: backs a machine up, follows the job, lists a
 * folder of the backup and downloads a file of it. SENDENSE_URL is where the server listens, SENDENSE_TOKEN a token of role operator.
 */
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createClient } from '@sendense/client';
import { SendenseError } from '@sendense/core';

const [machine = 'web', repository = 'main', folder = '/etc', name = 'hostname'] = process.argv.slice(2);
const { SENDENSE_URL: url = 'http://127.0.0.1:8080', SENDENSE_TOKEN: token } = process.env;
const client = createClient({ url, token });

/** Follows the backup of the machine that runs already, or starts one. */
async function startOrFollow(): Promise<string> {
  try {
    return (await client.startBackup({ vm_name: machine, repository })).job_id;
  } catch (error) {
    if (!SendenseError.is(error, 'LOCKED')) throw error;
    const { jobs } = await client.listJobs({ vm_name: machine });
    const found = jobs.find((job) => job.ended_at === null && job.repository === repository);
    if (found === undefined) throw error;
    return found.job_id;
  }
}

// the server may stop and start again meanwhile: the job goes on, and so does this
const { backup_id: backup } = await client.jobs.wait(await startOrFollow(), {
  onProgress: ({ percent }) => console.error(`${percent.toFixed(0)} %`),
});
if (backup === null) throw new Error('the job made no backup');
console.log(`backup ${backup}`);

const { mount_id: mount } = await client.mountBackup({ backup_id: backup });
try {
  for await (const entry of client.files.entries({ mount_id: mount, path: folder }))
    console.log(`${entry.type ?? 'damaged'} ${entry.name} ${entry.size_bytes ?? ''}`);
  // a connection that breaks off is taken up behind the last byte that came
  const { stream, sizeBytes } = await client.files.download({ mount_id: mount, path: `${folder}/${name}` });
  await pipeline(stream, createWriteStream(name));
  console.log(`${name}: ${sizeBytes} bytes`);
} finally {
  await client.unmountBackup({ mount_id: mount });
}

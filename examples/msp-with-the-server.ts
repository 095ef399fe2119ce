/**
 * What the portal of a service provider does for a customer, whose tenant the token is of: backs a machine up, follows the job, lists a
 * folder of the backup and downloads a file of it. SENDENSE_URL is where the server listens, SENDENSE_TOKEN a token of role operator.
 */
import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
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
    // a restore of the machine may run as well
    const backups = jobs.filter((job) => job.kind === 'backup' && job.repository === repository);
    const found = backups.find((job) => job.ended_at === null);
    if (found === undefined) throw error;
    return found.job_id;
  }
}

/** Names come from the customer's disk: JSON keeps line ends and escapes in them from the terminal. */
async function list(mount: string): Promise<void> {
  for await (const entry of client.files.entries({ mount_id: mount, path: folder }))
    console.log(`${entry.type ?? 'damaged'} ${JSON.stringify(entry.name)} ${entry.size_bytes ?? ''}`);
}

/** Downloads the file; it has its name when it is whole. What broke off for good stays as NAME.part, which is never overwritten. */
async function download(mount: string): Promise<void> {
  // a connection that breaks off is taken up behind the last byte that came
  const { stream, sizeBytes } = await client.files.download({ mount_id: mount, path: `${folder}/${name}` });
  await pipeline(stream, createWriteStream(`${name}.part`, { flags: 'wx' }));
  await rename(`${name}.part`, name);
  console.log(`${JSON.stringify(name)}: ${sizeBytes} bytes`);
}

/** A mount that cannot be ended ends by itself: that does not hide what went wrong before. */
async function unmount(mount: string): Promise<void> {
  try {
    await client.unmountBackup({ mount_id: mount });
  } catch (error) {
    console.error('the mount was not ended:', error);
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
  await list(mount);
  await download(mount);
} finally {
  await unmount(mount);
}

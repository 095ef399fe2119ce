import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';

/**
 * What whoever stole the key of the writer does to a bucket of a few hundred objects: deletes every version that lets itself be
 * deleted, and overwrites and hides what is left. Gives how many versions stayed.
 */
export async function attackBucket(client: S3Client, bucket: string): Promise<number> {
  const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: bucket }));
  let stayed = 0;
  for (const [index, { Key, VersionId }] of Versions.entries()) {
    const named = { Bucket: bucket, Key };
    const isGone = await client.send(new DeleteObjectCommand({ ...named, VersionId })).then(
      () => true,
      () => false,
    );
    if (isGone) continue;
    stayed += 1;
    if (index % 3 !== 0) await client.send(new PutObjectCommand({ ...named, Body: 'ransom' }));
    if (index % 3 !== 1) await client.send(new DeleteObjectCommand(named));
  }
  return stayed;
}

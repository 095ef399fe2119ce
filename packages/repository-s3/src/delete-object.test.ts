import { DeleteObjectCommand, ListObjectVersionsCommand, type S3Client } from '@aws-sdk/client-s3';
import { systemServices } from '@sendense/core';
import { expect, it } from 'vitest';
import { Bucket } from './bucket.ts';
import { deleteObject } from './delete-object.ts';
import { s3StoreOptionsSchema } from './options.ts';

const SECOND = new Date('2026-01-01T00:00:00.000Z');

/**
 * A bucket that locks its one version by itself. As S3 it tells times by the second; as versitygw, where this was seen, it does not know
 * a mark that was removed before.
 */
class LockingBucket {
  readonly removed: string[] = [];
  readonly marks = new Set<string>();

  /** Answers a command, or rejects as the service does. */
  send(command: unknown): Promise<object> {
    if (command instanceof ListObjectVersionsCommand) return Promise.resolve(this.#versions());
    if (!(command instanceof DeleteObjectCommand)) return refuse('NotImplemented', 501);
    const { VersionId: version } = command.input;
    if (version === undefined) {
      this.marks.add('mark');
      return Promise.resolve({ DeleteMarker: true });
    }
    this.removed.push(version);
    if (version === 'written') return refuse('AccessDenied', 403);
    return this.marks.delete(version) ? Promise.resolve({}) : refuse('NoSuchVersion', 404);
  }

  #versions() {
    const entry = (VersionId: string) => ({ Key: 'points/a', VersionId, LastModified: SECOND });
    return { Versions: [{ ...entry('written'), Size: 1 }], DeleteMarkers: [...this.marks].map(entry) };
  }
}

function refuse(name: string, httpStatusCode: number): Promise<never> {
  return Promise.reject(Object.assign(new Error(name), { name, $metadata: { httpStatusCode } }));
}

function open(service: LockingBucket): Bucket {
  const client = service as unknown as S3Client;
  return new Bucket(client, s3StoreOptionsSchema.parse({ bucket: 'backups' }), systemServices());
}

it('removes what was written before the mark of the same second, so that a refusal leaves the object shown', async () => {
  const service = new LockingBucket();
  await expect(deleteObject(open(service), 'points/a')).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  expect(service.removed).toEqual(['written', 'mark']);
  expect(service.marks.size).toBe(0);
});

it('says why a deletion was refused, also where somebody else took the mark away', async () => {
  const service = new LockingBucket();
  const { marks } = service;
  marks.delete = () => {
    marks.clear();
    return false;
  };
  await expect(deleteObject(open(service), 'points/a')).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
});

import type { PluginServices, Secret } from '@sendense/core';
import { type AttemptServices, isObjectPrefix, requestOptions } from '@sendense/object-repository/remote';
import { holdsUserinfo } from '@sendense/plugin-kit';
import { z } from 'zod';

const MIB = 2 ** 20;

/** Options of a store in S3. */
export const s3StoreOptionsSchema = z.strictObject({
  bucket: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/),
  /** Segments as of a key, without a slash at either end; empty for the whole bucket. */
  prefix: z
    .string()
    .refine(isObjectPrefix, 'must be segments of letters, digits, ".", "_" and "-"')
    .default(''),
  /** Address of the service, where it is not that of AWS; without a user in it. */
  endpoint: z
    .url({ protocol: /^https?$/ })
    .refine((url) => !holdsUserinfo(url), 'must hold no credential')
    .optional(),
  region: z.string().min(1).default('us-east-1'),
  /** `endpoint/bucket/key` instead of `bucket.endpoint/key`; default: where an endpoint is given. */
  pathStyle: z.boolean().optional(),
  /** Storage class of new objects, e.g. `STANDARD_IA`; default: that of the bucket. */
  storageClass: z
    .string()
    .regex(/^[A-Z_]{1,64}$/)
    .optional(),
  /** The mode of object lock; without it the store offers no retention. Needs a bucket made with object lock. */
  objectLock: z.enum(['compliance', 'governance']).optional(),
  /** `first`: of every object the version that was written first, whatever was put or deleted over it since. */
  versions: z.enum(['current', 'first']).default('current'),
  /** Objects larger than this, and than 16 MiB and 36 bytes, are sent in parts of this size. */
  partBytes: z
    .int()
    .min(5 * MIB)
    .max(512 * MIB)
    .default(64 * MIB),
  /** Keys in a page of a listing. */
  pageSize: z.int().min(1).max(1000).default(1000),
  /** `when-required` for services that get the checksums of the S3 API wrong. */
  checksums: z.enum(['always', 'when-required']).default('always'),
  ...requestOptions,
});

/** See {@link s3StoreOptionsSchema}, before defaults. */
export type S3StoreOptions = Readonly<z.input<typeof s3StoreOptionsSchema>>;

/** See {@link s3StoreOptionsSchema}, after defaults. */
export type S3StoreSettings = Readonly<z.output<typeof s3StoreOptionsSchema>>;

/** What requests are signed with. */
export type S3Credentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken?: Secret;
  /** When they run out; new ones are asked for shortly before. */
  readonly expiration?: Date;
};

/** What a store in S3 uses of its host. */
export type S3StoreServices = Partial<Pick<PluginServices, 'clock'> & AttemptServices> & {
  /** Default: as the AWS tools find them (environment, profile, web identity, instance role). */
  readonly credentials?: () => Promise<S3Credentials>;
};

import { z } from 'zod';
import { bytesSchema, findingSchema, idSchema, placeNameSchema } from './names.ts';

const modes = z.enum(['browse', 'mount']);

/** Body of `POST /api/v1/restore/mount`. */
export const mountBackupSchema = z
  .strictObject({
    backup_id: idSchema,
    mode: modes
      .default('browse')
      .describe(
        'browse: read by the server, through this API. mount: also as a read-only folder of the machine of the server, where that is enabled.',
      ),
    trust_image: z
      .boolean()
      .default(false)
      .describe(
        'Needed by mode mount: the disks come from a machine that is trusted with the server, whose drivers read what was written there.',
      ),
    repository: placeNameSchema.optional(),
  })
  .meta({ id: 'MountBackup' });

const mountIdSchema = z
  .string()
  .describe(
    'Ends by DELETE; in mode browse after a time without requests, in mode mount without use of its folder.',
  );

const mountPathSchema = z
  .string()
  .nullable()
  .describe(
    'The folder of the machine of the server that shows the files; null in mode browse, which mounts nothing.',
  );

const volumeSchema = z.strictObject({
  id: z.string().describe('A path may begin with it.'),
  kind: z.string().describe('disk, partition or logical-volume.'),
  label: z.string().describe('Name of the file system; may be empty.'),
  volume_label: z.string().describe('Name in the partition table, or of the logical volume; may be empty.'),
  size_bytes: bytesSchema,
  file_system: z.string().nullable(),
  readable: z.boolean(),
  access: z.string().nullable().describe('How this API reads its files, e.g. in-process; null: not at all.'),
  path: z.string().nullable().describe('The folder that shows its files; null: it is not mounted.'),
  driver: z.string().nullable().describe('What shows them there, e.g. kernel; null: it is not mounted.'),
});

/** Answer of `POST /api/v1/restore/mount`. */
export const mountSchema = z
  .strictObject({
    mount_id: mountIdSchema,
    mount_path: mountPathSchema,
    backup_id: z.string(),
    volumes: z.array(volumeSchema),
    findings: z.array(findingSchema),
  })
  .meta({ id: 'Mount' });

/** Answer of `GET /api/v1/restore/mount`. */
export const mountListSchema = z
  .strictObject({
    mounts: z.array(
      z.strictObject({
        mount_id: mountIdSchema,
        mode: modes,
        mount_path: mountPathSchema,
        backup_id: z.string(),
        repository: z.string(),
        volumes: z.array(volumeSchema),
      }),
    ),
  })
  .meta({ id: 'MountList' });

/** Path of one mount. */
export const mountParamsSchema = z.strictObject({ mount_id: idSchema });

/** Text, as it stands in a query, or the value that it means; anything else is left to be refused. */
function readFlag(value: boolean | string): boolean | string {
  if (value === 'true') return true;
  return value === 'false' ? false : value;
}

/** Query of `DELETE /api/v1/restore/{mount_id}`. */
export const unmountSchema = z.strictObject({
  force: z
    .preprocess(readFlag, z.boolean())
    .default(false)
    .describe('Also while somebody has something open in its folder, who gets errors from then on.'),
});

/** Answer of `DELETE /api/v1/restore/{mount_id}`. */
export const unmountedSchema = z
  .strictObject({
    mount_id: z.string(),
    findings: z
      .array(findingSchema)
      .describe('What archives that were downloaded had to leave out or change, and what was in use.'),
  })
  .meta({ id: 'Unmounted' });

/** See {@link mountBackupSchema}. */
export type MountBackup = z.input<typeof mountBackupSchema>;

/** See {@link mountSchema}. */
export type Mount = z.output<typeof mountSchema>;

/** See {@link mountListSchema}. */
export type MountList = z.output<typeof mountListSchema>;

/** See {@link unmountSchema}. */
export type Unmount = z.input<typeof unmountSchema>;

/** See {@link unmountedSchema}. */
export type Unmounted = z.output<typeof unmountedSchema>;

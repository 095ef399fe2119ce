import { z } from 'zod';
import { bytesSchema, findingSchema, idSchema, instantSchema, placeNameSchema } from './names.ts';

/** Body of `POST /api/v1/restore/mount`. */
export const mountBackupSchema = z
  .strictObject({
    backup_id: idSchema,
    mode: z
      .enum(['browse', 'mount'])
      .default('browse')
      .describe(
        'browse: read by the server, through this API. mount: as a folder of the server; not supported yet.',
      ),
    repository: placeNameSchema.optional(),
  })
  .meta({ id: 'MountBackup' });

/** Answer of `POST /api/v1/restore/mount`. */
export const mountSchema = z
  .strictObject({
    mount_id: z.string().describe('Ends by DELETE, or after a time without requests.'),
    mount_path: z
      .string()
      .nullable()
      .describe('The folder that shows the files; null in mode browse, which mounts nothing.'),
    backup_id: z.string(),
    volumes: z.array(
      z.strictObject({
        id: z.string().describe('A path may begin with it.'),
        kind: z.string().describe('disk, partition or logical-volume.'),
        label: z.string().describe('Name of the file system; may be empty.'),
        volume_label: z
          .string()
          .describe('Name in the partition table, or of the logical volume; may be empty.'),
        size_bytes: bytesSchema,
        file_system: z.string().nullable(),
        readable: z.boolean(),
        access: z.string().nullable().describe('How its files are read, e.g. in-process; null: not at all.'),
      }),
    ),
    findings: z.array(findingSchema),
  })
  .meta({ id: 'Mount' });

/** Path of one mount. */
export const mountParamsSchema = z.strictObject({ mount_id: idSchema });

const pathSchema = z
  .string()
  .min(1)
  .max(4096)
  .describe('Within the backup: `/` is its root, above which nothing leads. May begin with a volume.');

/** Query of `GET /api/v1/restore/{mount_id}/files`. */
export const listFilesSchema = z.strictObject({
  path: pathSchema.default('/'),
  after: z.string().min(1).max(256).optional().describe('Go on where the page before ended: its `next`.'),
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
});

const fileTypes = ['file', 'directory', 'symlink', 'block-device', 'char-device', 'fifo', 'socket'] as const;

/** Answer of `GET /api/v1/restore/{mount_id}/files`. Of a damaged entry only the name is known. */
export const fileListSchema = z
  .strictObject({
    entries: z.array(
      z.strictObject({
        name: z
          .string()
          .describe(
            'A byte that is no UTF-8 is a lone surrogate, U+DC00 + byte: such a file comes with its folder.',
          ),
        type: z.enum(fileTypes).nullable(),
        size_bytes: bytesSchema.nullable(),
        mode: z.string().nullable().describe('Octal, e.g. 0640.'),
        uid: z.int().nonnegative().nullable(),
        gid: z.int().nonnegative().nullable(),
        mtime: instantSchema.nullable(),
        links: z.int().nonnegative().nullable().describe('Names of the file.'),
      }),
    ),
    next: z.string().nullable().describe('`after` of the next page; null on the last one.'),
    volume: z.string().nullable().describe('Where the folder lies; null for the list of volumes.'),
    findings: z.array(findingSchema),
  })
  .meta({ id: 'FileList' });

/** Query of `GET /api/v1/restore/{mount_id}/download`. */
export const downloadSchema = z.strictObject({
  path: pathSchema,
  format: z
    .enum(['tar', 'zip'])
    .optional()
    .describe('An archive, also of one file. Default: a file as it is, a folder as tar.'),
});

/** Answer of `DELETE /api/v1/restore/{mount_id}`. */
export const unmountedSchema = z
  .strictObject({
    mount_id: z.string(),
    findings: z
      .array(findingSchema)
      .describe('What archives that were downloaded had to leave out or change.'),
  })
  .meta({ id: 'Unmounted' });

/** See {@link mountBackupSchema}. */
export type MountBackup = z.input<typeof mountBackupSchema>;

/** See {@link mountSchema}. */
export type Mount = z.output<typeof mountSchema>;

/** See {@link listFilesSchema}. */
export type ListFiles = z.input<typeof listFilesSchema>;

/** See {@link fileListSchema}. */
export type FileList = z.output<typeof fileListSchema>;

/** An entry of a folder. */
export type FileEntry = FileList['entries'][number];

/** See {@link downloadSchema}. */
export type Download = z.input<typeof downloadSchema>;

/** See {@link unmountedSchema}. */
export type Unmounted = z.output<typeof unmountedSchema>;

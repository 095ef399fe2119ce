import { z } from 'zod';
import { bytesSchema, findingSchema, instantSchema } from './names.ts';

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

/** See {@link listFilesSchema}. */
export type ListFiles = z.input<typeof listFilesSchema>;

/** See {@link fileListSchema}. */
export type FileList = z.output<typeof fileListSchema>;

/** An entry of a folder. */
export type FileEntry = FileList['entries'][number];

/** See {@link downloadSchema}. */
export type Download = z.input<typeof downloadSchema>;

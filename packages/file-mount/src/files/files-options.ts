import { z } from 'zod';

/** Options of {@link filesByWays}. */
export const filesOptions = z.strictObject({
  /** Ways that are allowed, the one that is preferred first. `appliance` starts a virtual machine, which takes a while. */
  ways: z
    .array(z.enum(['in-process', 'mounted', 'appliance']))
    .min(1)
    .refine((ways) => new Set(ways).size === ways.length, 'names a way twice')
    .default(['in-process', 'mounted']),
  /** Says that the disks come from a machine that is trusted with this one: without it nothing is mounted. */
  trustImage: z.boolean().default(false),
  /** Folder that all mounts of an installation are recorded in, each in a folder of its own; made where it is missing. */
  directory: z.string().min(1),
});

/** What a caller may give. */
export type FilesOptions = z.input<typeof filesOptions>;

/** With all defaults. */
export type FilesSettings = z.output<typeof filesOptions>;

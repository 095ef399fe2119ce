import { z } from 'zod';

/** A name from the configuration: the inline form, or an object with the inline form in `at`. */
function place<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.preprocess(
    (value) => (typeof value === 'string' ? { at: value } : value),
    z.strictObject({ at: z.string().min(1), ...shape }),
  );
}

const formats = z.enum(['raw', 'qcow2', 'vmdk', 'vhd', 'vhdx']);

/** Who logs in at the vCenter or ESXi of a `vmware://` name. */
const account = {
  /** Default `SENDENSE_VMWARE_USER`. */
  user: z.string().min(1).optional(),
  /** The file with the user's password, readable by its owner only. */
  passwordFile: z.string().min(1).optional(),
  /** The file with the authorities that its certificate is trusted by. */
  caFile: z.string().min(1).optional(),
  /** SHA-256 or SHA-1 of the one certificate to trust. */
  thumbprint: z.string().min(1).optional(),
};

/** The configuration file: names for sources, repositories and targets. Credentials have no place in it. */
export const configSchema = z.strictObject({
  /** Folder of the catalog; `--state-dir` and `SENDENSE_STATE_DIR` come first. */
  stateDir: z.string().min(1).optional(),
  /** Used when a verb is called without the flag. */
  defaults: z
    .strictObject({
      source: z.string().min(1).optional(),
      repository: z.string().min(1).optional(),
      target: z.string().min(1).optional(),
    })
    .default({}),
  sources: z
    .record(
      z.string(),
      place({
        format: formats.optional(),
        machineId: z.uuid().optional(),
        machineName: z.string().min(1).optional(),
        /** Folders that backing files may lie in. */
        parents: z.array(z.string().min(1)).optional(),
        ...account,
      }),
    )
    .default({}),
  repositories: z
    .record(
      z.string(),
      place({
        /** The file with the passphrase of an object repository, readable by its owner only. */
        passphraseFile: z.string().min(1).optional(),
        /** Remember in the state folder what was seen of an object repository, and refuse a store that was put back to an earlier state. */
        trustedHead: z.boolean().optional(),
      }),
    )
    .default({}),
  /** The NBD service of `export`. */
  exports: z
    .strictObject({
      /** Folder of the files that say what is exported; default in the state folder. */
      confDir: z.string().min(1).optional(),
      /** Folders that those files may name paths in; default all that the user may read. */
      roots: z.array(z.string().min(1)).optional(),
      /** `HOST:PORT` of this machine; default a unix socket in the state folder, for the user alone. */
      listen: z
        .string()
        .regex(/^(\[[0-9a-f:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/, 'must be HOST:PORT')
        .optional(),
    })
    .default({}),
  targets: z.record(z.string(), place({ format: formats.optional(), ...account })).default({}),
});

/** See {@link configSchema}. */
export type Config = z.output<typeof configSchema>;

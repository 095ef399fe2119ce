import { vmwareSettingsSchema } from '@sendense/quickstart';
import {
  accessOptionsSchema,
  auditOptionsSchema,
  browseOptionsSchema,
  mountOptionsSchema,
  rateLimitOptionsSchema,
} from '@sendense/server/access';
import { z } from 'zod';

/** `HOST:PORT`, with an IPv6 address in brackets. */
export const HOST_AND_PORT = /^(\[[0-9a-f:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/;

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
        /** How machines of a `vmware://` name are tracked and read. */
        vmware: vmwareSettingsSchema.optional(),
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
      listen: z.string().regex(HOST_AND_PORT, 'must be HOST:PORT').optional(),
      /** For clients of other machines, with `listen`: who has none of it learns nothing. */
      tls: z
        .strictObject({
          /** The certificate, and the intermediate ones after it. */
          certificateFile: z.string().min(1),
          /** Its key, readable by its owner only. */
          keyFile: z.string().min(1),
          /** With it clients show a certificate that one of these authorities signed. */
          clientCaFile: z.string().min(1).optional(),
        })
        .optional(),
    })
    .refine(({ listen, tls }) => tls === undefined || listen !== undefined, {
      path: ['tls'],
      error: 'needs "listen": a unix socket has no TLS',
    })
    .default({}),
  targets: z.record(z.string(), place({ format: formats.optional(), ...account })).default({}),
  /** The server that does the work instead of this process; `--server` and `SENDENSE_SERVER` come first. */
  client: z
    .strictObject({
      url: z.string().min(1).optional(),
      /** The file with an API token of that server, readable by its owner only. */
      tokenFile: z.string().min(1).optional(),
      /** The file with the authorities that the certificate of that server is trusted by. */
      caFile: z.string().min(1).optional(),
      /** How long a server that went away while its job is followed is waited for. */
      patienceSeconds: z.int().nonnegative().default(300),
    })
    .prefault({}),
  /** The HTTP service of `server start`. */
  server: z
    .strictObject({
      /** `HOST:PORT`; default a free port of 127.0.0.1. Other addresses need `tls`, and tokens or an issuer. */
      listen: z.string().regex(HOST_AND_PORT, 'must be HOST:PORT').optional(),
      tls: z
        .strictObject({
          /** The certificate, and the intermediate ones after it. */
          certificateFile: z.string().min(1),
          /** Its key. */
          keyFile: z.string().min(1),
        })
        .optional(),
      /** Issuer of callers' tokens, and the tenants; API tokens are made by `token create`. */
      access: accessOptionsSchema.optional(),
      /** How often callers may ask. */
      rates: rateLimitOptionsSchema.optional(),
      /** How long the audit log may become. */
      audit: auditOptionsSchema.optional(),
      /** How long a backup stays open whose files nobody asks for. */
      browse: browseOptionsSchema.optional(),
      /** Whether backups may be mounted as folders of this machine, and how many. */
      mounts: mountOptionsSchema.optional(),
    })
    .default({}),
});

/** See {@link configSchema}. */
export type Config = z.output<typeof configSchema>;

import type { TokenCredential } from '@azure/identity';
import type { PluginServices, Secret } from '@sendense/core';
import { type AttemptServices, isObjectPrefix, requestOptions } from '@sendense/object-repository/remote';
import { holdsUserinfo } from '@sendense/plugin-kit';
import { z } from 'zod';

const MIB = 2 ** 20;
// the SDK takes no certificates; Node itself does, by NODE_EXTRA_CA_CERTS
const { caPem: _, ...ownRequestOptions } = requestOptions;

/** Options of a store in Azure Blob Storage. */
export const azureStoreOptionsSchema = z.strictObject({
  /** `https://ACCOUNT.blob.core.windows.net`, without a token or a user in it. */
  endpoint: z
    .url({ protocol: /^https?$/ })
    .refine((url) => !url.includes('?'), 'must hold no token')
    .refine((url) => !holdsUserinfo(url), 'must hold no credential'),
  container: z.string().regex(/^[a-z0-9](-?[a-z0-9]){2,62}$/),
  /** Segments as of a key, without a slash at either end; empty for the whole container. */
  prefix: z
    .string()
    .refine(isObjectPrefix, 'must be segments of letters, digits, ".", "_" and "-"')
    .default(''),
  /** Access tier of new blobs; default: that of the account. */
  tier: z.enum(['Hot', 'Cool', 'Cold']).optional(),
  /**
   * The mode of immutability policies; without it the store offers no retention. Needs a container with version-level
   * immutability. Only `locked` ones cannot be taken away again.
   */
  immutability: z.enum(['locked', 'unlocked']).optional(),
  /** Objects larger than this are sent in blocks of this size. */
  partBytes: z
    .int()
    .min(MIB)
    .max(1024 * MIB)
    .default(64 * MIB),
  /** Blobs in a page of a listing. */
  pageSize: z.int().min(1).max(5000).default(5000),
  ...ownRequestOptions,
});

/** See {@link azureStoreOptionsSchema}, before defaults. */
export type AzureStoreOptions = Readonly<z.input<typeof azureStoreOptionsSchema>>;

/** See {@link azureStoreOptionsSchema}, after defaults. */
export type AzureStoreSettings = Readonly<z.output<typeof azureStoreOptionsSchema>>;

/** What requests are signed with: the account's key, a shared access signature, or tokens of Microsoft Entra. */
export type AzureCredential =
  | { readonly kind: 'account-key'; readonly account: string; readonly key: Secret }
  | { readonly kind: 'sas'; readonly token: Secret }
  | { readonly kind: 'entra'; readonly credential: TokenCredential };

/** What a store in Azure uses of its host. */
export type AzureStoreServices = Partial<Pick<PluginServices, 'clock'> & AttemptServices> & {
  /** Default: as the Azure tools find them (environment, workload identity, managed identity, Azure CLI). */
  readonly credential?: AzureCredential;
};

import { type PluginServices, Secret, SendenseError, systemServices } from '@sendense/core';
import type { ObjectStore } from '@sendense/object-repository';
import { type Environment, readSmallFile } from '@sendense/plugin-kit';
import { nodeFileSystem } from '@sendense/plugin-kit/files';
import type { AzurePlace, S3Place, StorePlace } from './repository-place.ts';

/** What a store takes from its host. */
export type StoreServices = Partial<Pick<PluginServices, 'clock' | 'random' | 'log'>>;

/** More than this is no bundle of certificates. */
const MAX_CA_BYTES = 1024 * 1024;

/**
 * Opens the store at a place; the package of a service is loaded when one of its places is named. Credentials come from
 * `environment` and as the tools of the vendor find them. The caller disposes it.
 */
export function openStore(
  place: StorePlace,
  environment: Environment,
  services: StoreServices = {},
): Promise<ObjectStore> {
  if (place.kind === 's3') return openS3(place, environment, services);
  return place.kind === 'azure' ? openAzure(place, environment, services) : openDirectory(place.path);
}

async function openDirectory(path: string): Promise<ObjectStore> {
  const { createDirectoryStore } = await import('@sendense/object-repository');
  return createDirectoryStore({ path });
}

async function openS3(
  { bucket, prefix, settings }: S3Place,
  environment: Environment,
  services: StoreServices,
): Promise<ObjectStore> {
  const { openS3Store, s3StoreOptionsSchema } = await import('@sendense/repository-s3');
  const { caFile, pathStyle, ...given } = settings;
  // The SDK reads these too, but the form of addresses has to fit the endpoint.
  const endpoint = given.endpoint ?? environment.AWS_ENDPOINT_URL_S3 ?? environment.AWS_ENDPOINT_URL;
  const region = given.region ?? environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION;
  const options = s3StoreOptionsSchema.safeParse({
    ...given,
    bucket,
    prefix,
    ...(pathStyle !== undefined && { pathStyle: isTrue('pathStyle', pathStyle) }),
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined && { region }),
    ...(caFile !== undefined && { caPem: await readCertificates(caFile) }),
  });
  if (!options.success) throw wrongOption('s3://', options.error.issues);
  return openS3Store(options.data, systemServices(services));
}

async function openAzure(
  { account, container, prefix, settings }: AzurePlace,
  environment: Environment,
  services: StoreServices,
): Promise<ObjectStore> {
  const { azureStoreOptionsSchema, openAzureStore } = await import('@sendense/repository-azure');
  const { endpoint = `https://${account}.blob.core.windows.net`, ...given } = settings;
  const options = azureStoreOptionsSchema.safeParse({ ...given, endpoint, container, prefix });
  if (!options.success) throw wrongOption('azure://', options.error.issues);
  const credential = azureCredential(account, environment);
  return openAzureStore(options.data, {
    ...systemServices(services),
    ...(credential !== undefined && { credential }),
  });
}

/** The variables of the Azure tools. A key that is said to be of another account is not sent to this one. */
function azureCredential(account: string, environment: Environment) {
  const { AZURE_STORAGE_ACCOUNT: of, AZURE_STORAGE_KEY: key, AZURE_STORAGE_SAS_TOKEN: token } = environment;
  if (of !== undefined && of !== '' && of !== account) return undefined;
  if (key !== undefined && key !== '') return { kind: 'account-key', account, key: new Secret(key) } as const;
  if (token !== undefined && token !== '') return { kind: 'sas', token: new Secret(token) } as const;
  return undefined;
}

function isTrue(name: string, text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new SendenseError('CONFIG_INVALID', `${name} is neither true nor false`, {
    operation: 'parse-name',
    remedy: `write ${name}=true or ${name}=false`,
  });
}

async function readCertificates(path: string): Promise<string> {
  return new TextDecoder().decode(await readSmallFile(nodeFileSystem, path, MAX_CA_BYTES));
}

type Issue = { readonly path: readonly PropertyKey[]; readonly message: string };

function wrongOption(kind: string, [issue]: readonly Issue[]): SendenseError {
  const what = issue?.path.map(String).join('.') ?? '';
  return new SendenseError('CONFIG_INVALID', `${kind}: ${what}: ${issue?.message ?? 'invalid'}`, {
    operation: 'parse-name',
    remedy: 'correct the name of the repository',
  });
}

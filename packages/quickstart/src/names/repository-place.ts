import { resolve } from 'node:path';
import { SendenseError } from '@sendense/core';
import { parsePlaceName } from './place-name.ts';
import { type PlaceSettings, readSettings, writeSettings } from './place-settings.ts';

/** Settings that `s3://` takes behind `?`. */
const S3_SETTINGS = [
  'endpoint',
  'region',
  'pathStyle',
  'caFile',
  'storageClass',
  'objectLock',
  'versions',
  'checksums',
] as const;
/** Settings that `azure://` takes behind `?`. */
const AZURE_SETTINGS = ['endpoint', 'tier', 'immutability'] as const;

/** A bucket of S3, or of what speaks its protocol. */
export type S3Place = {
  readonly kind: 's3';
  readonly bucket: string;
  readonly prefix: string;
  readonly settings: PlaceSettings<(typeof S3_SETTINGS)[number]>;
};

/** A container of Azure Blob Storage. */
export type AzurePlace = {
  readonly kind: 'azure';
  readonly account: string;
  readonly container: string;
  readonly prefix: string;
  readonly settings: PlaceSettings<(typeof AZURE_SETTINGS)[number]>;
};

/** Where objects are kept. */
export type StorePlace = { readonly kind: 'dir'; readonly path: string } | S3Place | AzurePlace;

/** What a repository's name stands for; `local` is a folder of QCOW2 chains. */
export type RepositoryPlace = { readonly kind: 'local'; readonly path: string } | StorePlace;

/** Kinds of repositories that are installed; a plain path is `local`. */
export const REPOSITORY_KINDS = ['local', 'dir', 's3', 'azure'] as const;

/**
 * Reads the name of a repository: `PATH` or `local:PATH`, `dir:PATH`, `s3://BUCKET/PREFIX`, `azure://ACCOUNT/CONTAINER/PREFIX`.
 * Throws `CONFIG_INVALID` for a name that is incomplete or holds a credential, `UNSUPPORTED` for another kind.
 */
export function parseRepositoryPlace(name: string, workingDirectory: string): RepositoryPlace {
  const { kind, rest } = parsePlaceName('repository', name);
  if (kind === null || kind === 'local') return { kind: 'local', path: resolve(workingDirectory, rest) };
  if (kind === 'dir') return { kind, path: resolve(workingDirectory, rest) };
  if (kind === 's3') return parseS3(name, rest, workingDirectory);
  if (kind === 'azure') return parseAzure(name, rest);
  throw new SendenseError('UNSUPPORTED', `no connector for ${kind}: as a repository is installed`, {
    operation: 'parse-name',
    remedy: 'use a path, dir:PATH, s3://BUCKET/PREFIX or azure://ACCOUNT/CONTAINER/PREFIX',
  });
}

/** The name of a place, whatever the working directory is. */
export function repositoryLocation(place: RepositoryPlace): string {
  if (place.kind === 'local' || place.kind === 'dir') return `${place.kind}:${place.path}`;
  const root = place.kind === 's3' ? place.bucket : `${place.account}/${place.container}`;
  const prefix = place.prefix === '' ? '' : `/${place.prefix}`;
  return `${place.kind}://${root}${prefix}${writeSettings(place.settings)}`;
}

/** The folder of this machine that a repository lies in, if it does. */
export function repositoryFolder(place: RepositoryPlace): string | null {
  return place.kind === 'local' || place.kind === 'dir' ? place.path : null;
}

function parseS3(name: string, rest: string, workingDirectory: string): S3Place {
  const { segments, query } = partsOf(name, rest, 's3://BUCKET/PREFIX');
  const [bucket, ...prefix] = segments;
  if (bucket === undefined) throw incomplete(name, 's3://BUCKET/PREFIX');
  const settings = readSettings(query, S3_SETTINGS, 's3://');
  const { caFile } = settings;
  return {
    kind: 's3',
    bucket,
    prefix: prefix.join('/'),
    settings: { ...settings, ...(caFile && { caFile: resolve(workingDirectory, caFile) }) },
  };
}

function parseAzure(name: string, rest: string): AzurePlace {
  const form = 'azure://ACCOUNT/CONTAINER/PREFIX';
  const { segments, query } = partsOf(name, rest, form);
  const [account, container, ...prefix] = segments;
  if (account === undefined || container === undefined) throw incomplete(name, form);
  const settings = readSettings(query, AZURE_SETTINGS, 'azure://');
  return { kind: 'azure', account, container, prefix: prefix.join('/'), settings };
}

function partsOf(
  name: string,
  rest: string,
  form: string,
): { readonly segments: readonly string[]; readonly query: string } {
  if (!rest.startsWith('//')) throw incomplete(name, form);
  const end = rest.includes('?') ? rest.indexOf('?') : rest.length;
  const path = rest.slice(2, end).replace(/\/$/, '');
  return { segments: path === '' ? [] : path.split('/'), query: rest.slice(end + 1) };
}

function incomplete(name: string, form: string): SendenseError {
  return new SendenseError('CONFIG_INVALID', `${JSON.stringify(name)} does not say where the repository is`, {
    operation: 'parse-name',
    remedy: `write ${form}`,
  });
}

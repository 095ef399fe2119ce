import { DefaultAzureCredential, type TokenCredential } from '@azure/identity';
import {
  type AnonymousCredential,
  type BlockBlobClient,
  ContainerClient,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import { type Call, SendenseError } from '@sendense/core';
import {
  type AttemptServices,
  type Attempts,
  createAttempts,
  type ObjectNames,
  objectNames,
} from '@sendense/object-repository/remote';
import { mapAzureError } from './map-error.ts';
import type { AzureCredential, AzureStoreServices, AzureStoreSettings } from './options.ts';

/** A request about one object; an empty key means the container. */
export type ObjectRequest = { readonly operation: string; readonly key: string; readonly bytes?: number };

/** A container with what is needed to work in it. */
export class Container {
  readonly settings: AzureStoreSettings;
  readonly services: AttemptServices;
  readonly client: ContainerClient;
  readonly names: ObjectNames;
  readonly location: string;
  readonly #attempts: Attempts;
  #closed = false;

  constructor(settings: AzureStoreSettings, services: AttemptServices, credential?: AzureCredential) {
    const { container, prefix } = settings;
    this.settings = settings;
    this.services = services;
    this.client = connect(settings, credential);
    this.names = objectNames(prefix);
    this.location = `azure://${container}${prefix === '' ? '' : `/${prefix}`}`;
    this.#attempts = createAttempts(settings, services);
  }

  /** Where the object is, for people. */
  subject(key: string): string {
    return key === '' ? this.location : `${this.location}/${key}`;
  }

  /** The client of one object. */
  blob(key: string): BlockBlobClient {
    return this.client.getBlockBlobClient(this.names.nameOf(key));
  }

  /** Sends a request, again where that may help. Rejects with `NOT_OPEN` when closed, else as the table of errors says. */
  async request<T>(
    { operation, key, bytes = 0 }: ObjectRequest,
    send: (abortSignal: AbortSignal) => Promise<T>,
    call?: Call,
  ): Promise<T> {
    if (this.#closed) throw new SendenseError('NOT_OPEN', `${this.location} is closed`, { operation });
    const subject = this.subject(key);
    return this.#attempts(
      { operation, subject, bytes },
      (signal) => this.mapped({ operation, key }, send(signal)),
      call,
    );
  }

  /** What the service answers; an error as the table of errors says. */
  async mapped<T>({ operation, key }: ObjectRequest, answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      throw mapAzureError(error, { operation, subject: this.subject(key) });
    }
  }

  close(): void {
    this.#closed = true;
  }
}

/** A client that tries each request once: repeating is done, bounded and told, by the store. */
function connect({ endpoint, container }: AzureStoreSettings, credential?: AzureCredential): ContainerClient {
  const token = credential?.kind === 'sas' ? `?${credential.token.reveal().replace(/^\?/, '')}` : '';
  const url = `${endpoint.replace(/\/$/, '')}/${container}${token}`;
  const options = { retryOptions: { maxTries: 1 } };
  const signer = signerOf(credential);
  return signer === undefined
    ? new ContainerClient(url, undefined, options)
    : new ContainerClient(url, signer, options);
}

function signerOf(
  credential: AzureStoreServices['credential'],
): StorageSharedKeyCredential | AnonymousCredential | TokenCredential | undefined {
  if (credential === undefined) return new DefaultAzureCredential();
  if (credential.kind === 'entra') return credential.credential;
  if (credential.kind === 'sas') return undefined;
  return new StorageSharedKeyCredential(credential.account, credential.key.reveal());
}

import type { S3Client } from '@aws-sdk/client-s3';
import { type Call, type PluginServices, SendenseError } from '@sendense/core';
import {
  type AttemptServices,
  type Attempts,
  createAttempts,
  type ObjectNames,
  objectNames,
} from '@sendense/object-repository/remote';
import { mapS3Error } from './map-error.ts';
import type { S3StoreSettings } from './options.ts';

/** A request of one object. */
export type ObjectRequest = { readonly operation: string; readonly key: string; readonly bytes?: number };

/** A bucket with what is needed to work in it. */
export class Bucket {
  readonly client: S3Client;
  readonly settings: S3StoreSettings;
  readonly services: AttemptServices & Pick<PluginServices, 'clock'>;
  readonly names: ObjectNames;
  readonly location: string;
  readonly #attempts: Attempts;
  #closed = false;

  constructor(
    client: S3Client,
    settings: S3StoreSettings,
    services: AttemptServices & Pick<PluginServices, 'clock'>,
  ) {
    this.client = client;
    this.settings = settings;
    this.services = services;
    const { bucket, prefix } = settings;
    this.names = objectNames(prefix);
    this.location = `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`;
    this.#attempts = createAttempts(settings, services);
  }

  /** Where the object is, for people. */
  subject(key: string): string {
    return key === '' ? this.location : `${this.location}/${key}`;
  }

  /** What every request about one object begins with. */
  object(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.settings.bucket, Key: this.names.nameOf(key) };
  }

  /** Sends a request, again where that may help. Rejects with `NOT_OPEN` when closed, else as the table of errors says. */
  async request<T>(
    { operation, key, bytes = 0 }: ObjectRequest,
    send: (signal: AbortSignal, attempt: number) => Promise<T>,
    call?: Call,
  ): Promise<T> {
    if (this.#closed) throw new SendenseError('NOT_OPEN', `${this.location} is closed`, { operation });
    return this.#attempts(
      { operation, subject: this.subject(key), bytes },
      (signal, attempt) => this.mapped({ operation, key }, send(signal, attempt)),
      call,
    );
  }

  /** What the service answers; an error as the table of errors says. */
  async mapped<T>({ operation, key }: ObjectRequest, answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      throw mapS3Error(error, { operation, subject: this.subject(key) });
    }
  }

  close(): void {
    this.#closed = true;
    this.client.destroy();
  }
}

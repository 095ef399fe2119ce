import { SendenseError } from '@sendense/core';
import { mapUploadStatus } from '../map-error.ts';
import type { FileTransfer, VimClient } from '../session/vim-client.ts';
import { ByteChannel } from './byte-channel.ts';

/** Bytes on their way to the server. */
export interface Upload {
  /** The next bytes; resolves when those before were taken. Rejects with the reason when the server has refused or lost them. */
  send(bytes: Uint8Array): Promise<void>;
  /** No more bytes come; resolves when the server has taken all. */
  finish(): Promise<void>;
  /** Breaks it off. Never rejects. */
  abandon(): Promise<void>;
}

/** What may end an upload besides its own failure. */
export type UploadCare = {
  readonly signal?: AbortSignal;
  /** Why it has failed, where somebody knows better than the answer says. */
  readonly reasonOf?: (error: unknown) => Promise<unknown>;
};

/** Begins to send what is handed to the result, by one request. */
export function startUpload(
  client: VimClient,
  file: Omit<FileTransfer, 'body'>,
  { signal, reasonOf = async (error) => error }: UploadCare = {},
): Upload {
  const { name } = file;
  const stop = new AbortController();
  const channel = new ByteChannel();
  const ending = signal === undefined ? stop.signal : AbortSignal.any([stop.signal, signal]);
  const sent = client
    .transfer({ ...file, body: channel }, { signal: ending })
    .then(({ status, text }) => {
      const failed = { host: file.url.host, file: name, text };
      if (status < 200 || status > 299) throw mapUploadStatus(status, failed);
      // who answers before the end has not taken it
      if (!channel.isEnded) throw early(name, file.url.host);
    })
    .catch(async (error: unknown) => {
      const reason = await reasonOf(error);
      channel.fail(reason);
      throw reason;
    });
  // told by send or finish
  sent.catch(() => undefined);
  return {
    send: (bytes) => channel.send(bytes),
    async finish() {
      channel.end();
      await sent;
    },
    async abandon() {
      stop.abort();
      const text = `the upload of ${name} was given up`;
      channel.fail(new SendenseError('ABORTED', text, { operation: 'transfer-file' }));
      await sent.catch(() => undefined);
    },
  };
}

function early(name: string, host: string): SendenseError {
  return new SendenseError('PROTOCOL_VIOLATION', `${host} says that it has ${name} before it was sent`, {
    operation: 'transfer-file',
    effect: 'unknown',
    remedy: 'check the address, and that no proxy answers',
  });
}

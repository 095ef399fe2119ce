import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { abortedError, type Call, SendenseError, throwIfAborted } from '@sendense/core';
import { withTimeout } from '@sendense/plugin-kit';
import { folderError } from './folder-error.ts';
import type {
  FolderAnswers,
  FolderQuestion,
  FolderReply,
  FolderRequest,
  FolderThreadData,
} from './folder-protocol.ts';
import { ReadFailures } from './read-failures.ts';

/** A folder that another thread reads. */
export interface FolderReads {
  /** Rejects with `CORRUPT`, `FORMAT_UNSUPPORTED`, `CONNECTION_LOST`, `ABORTED`, and with what the backup could not be read for. */
  ask<Q extends FolderQuestion>(question: Q, call?: Call): Promise<FolderAnswers[Q['kind']]>;
}

type Waiting = { readonly resolve: (reply: FolderReply) => void; readonly reject: (error: unknown) => void };

/** A thread that waits for the bytes of a mount is not to be waited for: it goes when the mount goes. */
const MOST_END_MS = 2_000;

/**
 * A folder of a mount, read by a thread of its own that holds it: see `folder-thread.ts`. Disposing lets go of it, or returns after two
 * seconds while the thread waits for the backup still.
 */
export class MountedFolder implements FolderReads, AsyncDisposable {
  readonly #thread: Worker;
  readonly #failures: ReadFailures;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #ended: SendenseError | undefined;

  /** `failures`: those of the disk that the folder shows. */
  constructor(data: FolderThreadData, failures: ReadFailures = new ReadFailures()) {
    this.#failures = failures;
    // the path of a program, in the sources and as it is shipped
    const program = createRequire(import.meta.url).resolve('@sendense/file-mount/folder-thread');
    this.#thread = new Worker(program, { workerData: data });
    this.#thread.on('message', (reply: FolderReply) => this.#take(reply));
    this.#thread.on('error', (error: NodeJS.ErrnoException) =>
      this.#end(folderError(error.code ?? '', error.message)),
    );
    this.#thread.on('exit', () => this.#end(closed()));
  }

  async ask<Q extends FolderQuestion>(question: Q, call?: Call): Promise<FolderAnswers[Q['kind']]> {
    throwIfAborted(call?.signal, 'read-folder');
    if (this.#ended !== undefined) throw this.#ended;
    const { count } = this.#failures;
    const reply = await this.#post(question, call?.signal);
    // a thread answers what it was asked
    if ('answer' in reply) return reply.answer as FolderAnswers[Q['kind']];
    const error = folderError(reply.errno, reply.message);
    throw (error.code === 'CORRUPT' ? this.#failures.since(count) : undefined) ?? error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end(closed());
    const ended = this.#thread.terminate();
    await withTimeout(() => ended, MOST_END_MS, { operation: 'close-folder' }).catch((error: unknown) => {
      if (!SendenseError.is(error, 'TIMEOUT')) throw error;
    });
  }

  async #post(question: FolderQuestion, signal: AbortSignal | undefined): Promise<FolderReply> {
    const id = this.#next++;
    const { promise, resolve, reject } = Promise.withResolvers<FolderReply>();
    const cancel = () => reject(abortedError('read-folder', signal));
    signal?.addEventListener('abort', cancel, { once: true });
    this.#waiting.set(id, { resolve, reject });
    try {
      this.#thread.postMessage({ id, question } satisfies FolderRequest, []);
      return await promise;
    } finally {
      this.#waiting.delete(id);
      signal?.removeEventListener('abort', cancel);
    }
  }

  #take(reply: FolderReply): void {
    this.#waiting.get(reply.id)?.resolve(reply);
  }

  #end(error: SendenseError): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
  }
}

function closed(): SendenseError {
  return new SendenseError('NOT_OPEN', 'the mount was closed', { operation: 'read-folder' });
}

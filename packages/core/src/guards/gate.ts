import { abortedError, throwIfAborted } from '../errors/aborted.ts';
import { SendenseError } from '../errors/sendense-error.ts';
import type { Call } from '../values/call.ts';
import { checkCall } from './check-arguments.ts';

/** What a plugin threw, as a SendenseError that says what was being done. */
function foreignError(error: unknown, what: string, operation: string): SendenseError {
  if (SendenseError.is(error)) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new SendenseError('UNEXPECTED', `${operation} of the ${what} failed: ${text}`, {
    operation,
    effect: 'unknown',
    cause: error,
    context: { handle: what },
    remedy: 'report this to the author of the plugin',
  });
}

/** Refuses wrong arguments; `undefined` where there is nothing to check. */
type Check = (() => void) | undefined;

/** The way into one object: refuses what may not reach it, and turns what comes out of it into contract terms. */
export class Gate {
  readonly #what: string;
  readonly #parent: Gate | undefined;
  #closed: Promise<void> | undefined;

  /** `what` names the object in messages; an object is closed with its `parent`. */
  constructor(what: string, parent?: Gate) {
    this.#what = what;
    this.#parent = parent;
  }

  get closed(): boolean {
    return this.#closed !== undefined || this.#parent?.closed === true;
  }

  /** Throws `NOT_OPEN` after dispose, `TypeError` for a wrong last argument, `ABORTED` when the signal has fired. */
  enter(operation: string, call: Call | undefined): void {
    if (this.closed)
      throw new SendenseError('NOT_OPEN', `the ${this.#what} is closed`, {
        operation,
        remedy: 'open it again, and finish before it is disposed',
      });
    checkCall(call);
    throwIfAborted(call?.signal, operation);
  }

  /** A call whose result means nothing once it is cancelled: an aborted one always rejects with `ABORTED`. */
  async query<T>(operation: string, call: Call | undefined, check: Check, run: () => Promise<T>): Promise<T> {
    const result = await this.effect(operation, call, check, run);
    throwIfAborted(call?.signal, operation);
    return result;
  }

  /** A call with a lasting effect: if it has happened, the caller hears of it even when it was cancelled meanwhile. */
  async effect<T>(
    operation: string,
    call: Call | undefined,
    check: Check,
    run: () => Promise<T>,
  ): Promise<T> {
    this.enter(operation, call);
    check?.();
    try {
      return await run();
    } catch (error) {
      throw this.failure(operation, call, error);
    }
  }

  /** A call that opens something. A handle that comes after the abort is given up again. */
  async open<T extends AsyncDisposable>(
    operation: string,
    call: Call | undefined,
    check: Check,
    run: () => Promise<T>,
  ): Promise<T> {
    const handle = await this.effect(operation, call, check, run);
    if (call?.signal?.aborted !== true) return handle;
    await handle[Symbol.asyncDispose]();
    throw abortedError(operation, call.signal);
  }

  /** A list; refusals come with its first item. Abort and dispose are looked at before each item. */
  async *iterate<T>(
    operation: string,
    call: Call | undefined,
    check: Check,
    run: () => AsyncIterable<T>,
  ): AsyncGenerator<T, void, undefined> {
    this.enter(operation, call);
    check?.();
    let items: AsyncIterator<T> | undefined;
    try {
      items = run()[Symbol.asyncIterator]();
      for (;;) {
        const item = await items.next();
        this.enter(operation, call);
        if (item.done === true) {
          items = undefined;
          return;
        }
        yield item.value;
        this.enter(operation, call);
      }
    } catch (error) {
      throw this.failure(operation, call, error);
    } finally {
      await items?.return?.();
    }
  }

  /** Closes once, however often it is called; the outcome stays the same. */
  close(inner: AsyncDisposable): Promise<void> {
    this.#closed ??= this.#dispose(inner);
    return this.#closed;
  }

  async #dispose(inner: AsyncDisposable): Promise<void> {
    try {
      await inner[Symbol.asyncDispose]();
    } catch (error) {
      throw this.failure('close', undefined, error);
    }
  }

  /** What a failure is to the caller: `ABORTED` when the signal has fired, whatever the plugin gave up with. */
  failure(operation: string, call: Call | undefined, error: unknown): SendenseError {
    if (call?.signal?.aborted !== true) return foreignError(error, this.#what, operation);
    if (SendenseError.is(error, 'ABORTED')) return error;
    const effect = SendenseError.is(error) ? error.effect : 'unknown';
    return abortedError(operation, call.signal, error, effect);
  }
}

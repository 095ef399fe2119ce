import { SendenseError } from '@sendense/core';

/** One creation of an object: how to send it, and who made the object that is there. */
export type Creation<T> = {
  /** Sends it create-only; rejects with `ALREADY_EXISTS` when an object is there. */
  readonly send: () => Promise<T>;
  /** Whether the object that is there was made by this very creation; what `send` would have given if so. */
  readonly findOwn: () => Promise<T | undefined>;
};

/** One try of a creation; call it for each repetition. */
export type CreateOnce<T> = (creation: Creation<T>) => Promise<T>;

/**
 * A repetition of a create-only request may meet the object that its own first try made: the answer was lost, not the
 * object. Only after a failure of unknown effect is the object that is in the way looked at; any other one is
 * `ALREADY_EXISTS`. `beforeSend` is that of `PutOptions`.
 */
export function createOnce<T>(beforeSend?: () => void): CreateOnce<T> {
  let inDoubt = false;
  return async ({ send, findOwn }) => {
    beforeSend?.();
    try {
      return await send();
    } catch (error) {
      if (inDoubt && SendenseError.is(error, 'ALREADY_EXISTS')) {
        const own = await findOwn();
        if (own !== undefined) return own;
      }
      inDoubt ||= !SendenseError.is(error) || error.effect === 'unknown';
      throw error;
    }
  };
}

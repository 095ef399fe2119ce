import { SendenseError } from '@sendense/core';

/** The three ways in which a foreign file can be at fault. Messages follow on from the name of the format. */
export type FormatErrors = {
  /** No program could open these bytes as the format: `FORMAT_INVALID`. */
  readonly invalid: (message: string) => SendenseError;
  /** A valid image that uses something we do not offer: `FORMAT_UNSUPPORTED`. */
  readonly unsupported: (message: string, remedy?: string) => SendenseError;
  /** A table of an image contradicts the format: `CORRUPT`. */
  readonly corrupt: (message: string) => SendenseError;
};

/** The errors of the format that is called `name` in messages; `repair` says what helps against a damaged image. */
export function formatErrors(name: string, repair: string): FormatErrors {
  const operation = 'open-image';
  return {
    invalid: (message) =>
      new SendenseError('FORMAT_INVALID', `not a valid ${name} image: ${message}`, {
        operation,
        remedy: 'give the right format, or another copy of the image',
      }),
    unsupported: (message, remedy) =>
      new SendenseError('FORMAT_UNSUPPORTED', `this ${name} image ${message}`, {
        operation,
        ...(remedy === undefined ? {} : { remedy }),
      }),
    corrupt: (message) =>
      new SendenseError('CORRUPT', `damaged ${name} image: ${message}`, {
        operation: 'read-image',
        remedy: repair,
      }),
  };
}

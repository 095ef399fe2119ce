import { SendenseError } from '@sendense/core';

/** The bytes are no QCOW2 image that any program could open. */
export function invalid(message: string): SendenseError {
  return new SendenseError('FORMAT_INVALID', `not a valid QCOW2 image: ${message}`, {
    operation: 'open-image',
    remedy: 'give the right format, or another copy of the image',
  });
}

/** A valid image that uses something we do not offer. */
export function unsupported(message: string, remedy?: string): SendenseError {
  return new SendenseError('FORMAT_UNSUPPORTED', `this QCOW2 image ${message}`, {
    operation: 'open-image',
    ...(remedy === undefined ? {} : { remedy }),
  });
}

/** A table of an image contradicts the format. */
export function corrupt(message: string): SendenseError {
  return new SendenseError('CORRUPT', `damaged QCOW2 image: ${message}`, {
    operation: 'read-image',
    remedy: 'take another copy of the image, or repair this one with "qemu-img check -r all" on a copy',
  });
}

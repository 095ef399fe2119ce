import { type Json, SendenseError } from '@sendense/core';

/** The error of a peer that says what the protocol forbids. The conversation cannot go on after it. */
export function violation(message: string, context: { readonly [key: string]: Json } = {}): SendenseError {
  return new SendenseError('PROTOCOL_VIOLATION', `the NBD peer ${message}`, {
    operation: 'talk-nbd',
    effect: 'unknown',
    context,
    remedy: 'check that the address is an NBD server and update it; report it to its author if it persists',
  });
}

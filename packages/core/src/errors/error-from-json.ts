import { z } from 'zod';
import type { Json } from '../values/json.ts';
import { ERROR_CODES, type ErrorCode } from './error-code.ts';
import { SendenseError } from './sendense-error.ts';

const schema = z.looseObject({
  code: z.string().max(64),
  message: z.string().max(16_384),
  operation: z.string().max(256).catch('unknown'),
  retry: z.enum(['never', 'later', 'exhausted']).catch('never'),
  effect: z.enum(['none', 'unknown']).catch('unknown'),
  remedy: z.string().max(4096).optional(),
  retryAfterMs: z.number().nonnegative().optional(),
  context: z.record(z.string(), z.json()).catch({}),
});

/** Rebuilds what `toJSON` wrote. A code of a newer version becomes `UNEXPECTED` and keeps its retry advice. */
export function errorFromJson(json: unknown): SendenseError {
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    return new SendenseError('PROTOCOL_VIOLATION', 'not a serialised SendenseError', {
      operation: 'parse-error',
    });
  }
  const { code, message, remedy, retryAfterMs, context, ...rest } = parsed.data;
  const known = Object.hasOwn(ERROR_CODES, code);
  return new SendenseError(known ? (code as ErrorCode) : 'UNEXPECTED', message, {
    operation: rest.operation,
    retry: rest.retry,
    effect: rest.effect,
    context: { ...(context as { [key: string]: Json }), ...(known ? {} : { unknownCode: code }) },
    ...(remedy === undefined ? {} : { remedy }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

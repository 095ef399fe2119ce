import { SendenseError } from '@sendense/core';
import { z } from 'zod';
import type { HttpRequest } from '../http/connection.ts';
import type { OperationDefinition } from './operation.ts';

type Shape = Omit<OperationDefinition<z.ZodType, z.ZodType, z.ZodType>, 'answer'>;

/**
 * The request of an operation: each field of `fields` goes where its schema has it, into path, query or body. Throws `CONFIG_INVALID` for
 * what the server would refuse, so that nothing else ever becomes part of a path.
 */
export function writeRequest(
  operation: string,
  { method, path, params, query, body }: Shape,
  fields: Readonly<Record<string, unknown>>,
): HttpRequest {
  const left = new Map(Object.entries(fields).filter(([, value]) => value !== undefined));
  const inPath = take(operation, params, left);
  const inQuery = take(operation, query, left);
  const inBody = take(operation, body, left);
  const [unknown] = left.keys();
  if (unknown !== undefined) throw invalid(operation, `there is no field ${JSON.stringify(unknown)}`);
  const filled = path.replaceAll(/:(\w+)/gu, (_, name: string) => encodeURIComponent(String(inPath[name])));
  const search = new URLSearchParams(
    Object.entries(inQuery).map(([name, value]): [string, string] => [name, String(value)]),
  );
  return {
    operation,
    method,
    path: search.size === 0 ? filled : `${filled}?${search.toString()}`,
    ...(body !== undefined && { body: JSON.stringify(inBody) }),
  };
}

/** Takes the fields of `schema` out of `left`, as they were given: defaults are the server's. */
function take(
  operation: string,
  schema: z.ZodType | undefined,
  left: Map<string, unknown>,
): Record<string, unknown> {
  if (!(schema instanceof z.ZodObject)) return {};
  const own = Object.keys(schema.shape).filter((name) => left.has(name));
  const taken = Object.fromEntries(own.map((name) => [name, left.get(name)]));
  for (const name of own) left.delete(name);
  const parsed = schema.safeParse(taken);
  if (parsed.success) return taken;
  const [issue] = parsed.error.issues;
  throw invalid(operation, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong'}`);
}

function invalid(operation: string, message: string): SendenseError {
  return new SendenseError('CONFIG_INVALID', message, {
    operation,
    remedy: 'see the types of the request',
  });
}

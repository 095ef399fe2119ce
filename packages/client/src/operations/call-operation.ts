import { SendenseError } from '@sendense/core';
import type { ClientCall } from '../http/client-call.ts';
import type { Connection } from '../http/connection.ts';
import { parseAnswer } from '../http/parse-answer.ts';
import type { Operation } from './operation.ts';
import { writeRequest } from './write-request.ts';

/**
 * Calls an operation and checks its answer. Rejects with what the server refuses, with `PROTOCOL_VIOLATION` for an answer that is not of
 * the operation, and as `Connection` does.
 */
export async function callOperation<Answer>(
  connection: Connection,
  name: string,
  operation: Operation<unknown, Answer>,
  fields: object = {},
  call?: ClientCall,
): Promise<Answer> {
  const request = writeRequest(name, operation, fields as Record<string, unknown>);
  const text = await connection.text({ ...request, headers: { accept: 'application/json' } }, call);
  return checkAnswer(name, operation, text);
}

/** The value of `text`, as far as the operation's schema knows it. */
function checkAnswer<T>(name: string, { method, answer }: Operation<unknown, T>, text: string): T {
  const value = parseAnswer(text, answer);
  if (value.success) return value.data;
  throw new SendenseError('PROTOCOL_VIOLATION', `the answer is not one of ${name}: ${value.why}`, {
    operation: name,
    effect: method === 'GET' ? 'none' : 'unknown',
    remedy: 'see whether the URL is that of a Sendense server, and of which version',
  });
}

import type { ClientCall } from '../http/client-call.ts';
import type { Connection } from '../http/connection.ts';
import { callOperation } from './call-operation.ts';
import type { Operation } from './operation.ts';
import { OPERATIONS } from './operations.ts';

type Table = typeof OPERATIONS;

/** What an operation takes that takes nothing, so that the call is the second argument of every method. */
export type NoFields = Readonly<Record<string, never>>;

/** The method of an operation: its fields, which may be left out where all of them may, and the call. */
type Method<Of> =
  Of extends Operation<infer Request, infer Answer>
    ? unknown extends Request
      ? (request?: NoFields, call?: ClientCall) => Promise<Answer>
      : // biome-ignore lint/complexity/noBannedTypes: {} is what every object without needed fields takes
        {} extends Request
        ? (request?: Request, call?: ClientCall) => Promise<Answer>
        : (request: Request, call?: ClientCall) => Promise<Answer>
    : never;

/** A method for each operation that answers JSON, named by its `operationId`. */
export type OperationMethods = { readonly [Name in keyof Table]: Method<Table[Name]> };

/** Makes the methods of all operations. */
export function operationMethods(connection: Connection): OperationMethods {
  const methods = Object.entries<Operation>(OPERATIONS).map(([name, operation]) => [
    name,
    (request?: object, call?: ClientCall) => callOperation(connection, name, operation, request, call),
  ]);
  return Object.fromEntries(methods) as OperationMethods;
}

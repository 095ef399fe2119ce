import type { z } from 'zod';
import { lenient } from '../http/lenient.ts';

/** The schema of nothing: no path parameters, no query, no body. */
type Absent = z.ZodType<undefined>;

/** An operation of the server whose success is a JSON object: what `route` declares of it on the other side. */
export type OperationDefinition<
  Params extends z.ZodType = Absent,
  Query extends z.ZodType = Absent,
  Body extends z.ZodType = Absent,
  Answer extends z.ZodType = z.ZodType,
> = {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With `:name` for path parameters. */
  readonly path: `/${string}`;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  readonly answer: Answer;
};

/** The fields that a schema takes; nothing of the schema of nothing. */
type Fields<Schema extends z.ZodType> = [z.input<Schema>] extends [undefined] ? unknown : z.input<Schema>;

/** An operation with the types of what it takes, all fields in one object, and of what it answers. */
export type Operation<Request = unknown, Answer = unknown> = Omit<
  OperationDefinition<z.ZodType, z.ZodType, z.ZodType>,
  'answer'
> & {
  readonly answer: z.ZodType<Answer>;
  /** Of the types only. */
  readonly request?: Request;
};

/** Makes an {@link Operation}: its answer may have fields that this version does not know. */
export function operation<
  Params extends z.ZodType = Absent,
  Query extends z.ZodType = Absent,
  Body extends z.ZodType = Absent,
  Answer extends z.ZodType = z.ZodType,
>(
  definition: OperationDefinition<Params, Query, Body, Answer>,
): Operation<Fields<Params> & Fields<Query> & Fields<Body>, z.output<Answer>> {
  return { ...definition, answer: lenient(definition.answer) };
}

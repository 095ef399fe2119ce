import type { ErrorCode } from '@sendense/core';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import type { Principal, Role } from '../access/principal.ts';
import type { TenantScope } from '../access/tenant-scope.ts';
import type { AuditSubject } from '../audit/audit-log.ts';

/** What a handler is given: what was asked, checked by the route's schemas, and who asks. */
export type RouteCall<Params, Query, Body> = {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly principal: Principal;
  /** What the caller may name: everything that a request names goes through it. */
  readonly scope: TenantScope;
  /** Fires when the client has gone, or the server stops. */
  readonly signal: AbortSignal;
  /** For headers of a reply, and its status where the route has several. */
  readonly reply: FastifyReply;
  /** Notes the job that the request started, or is about, in the audit log. */
  readonly noteJob: (jobId: string) => void;
  /** Notes what the request is about in the audit log, beside what was noted before: names as they were asked for, then as they were found. */
  readonly noteSubject: (subject: AuditSubject) => void;
};

/** A reply that is a stream of bytes, which no schema describes. */
export type StreamReply = { readonly mediaType: string; readonly description: string };

/** The schema of nothing: no parameters, no query, no body. */
type Absent = z.ZodType<undefined>;

/** One operation of the API: all that the server, its document and the tests of access know of it. */
export type RouteDefinition<
  Params extends z.ZodType = Absent,
  Query extends z.ZodType = Absent,
  Body extends z.ZodType = Absent,
  Answer extends z.ZodType = z.ZodType,
> = {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With fastify's `:name` for path parameters. */
  readonly url: `/${string}`;
  /** The least role that may call it; `public`: everybody, without credentials. */
  readonly role: Role | 'public';
  /** Only for callers of all tenants: what it tells is not of one tenant. */
  readonly allTenants?: true;
  /** Name of the operation in the OpenAPI document, and of its method in clients made from it. */
  readonly operationId: string;
  readonly tag: 'backup' | 'restore' | 'jobs' | 'cloudstack' | 'server';
  readonly summary: string;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  /** Headers that change what is answered, by name, with what each means. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The status of success; default 200. */
  readonly status?: 200 | 202;
  /** What success answers: a JSON object, or a stream; `z.never()` where there is no success yet. */
  readonly answer: Answer | StreamReply;
  /** Further statuses of success of a stream, e.g. 206, with what each means. */
  readonly also?: Readonly<Record<number, string>>;
  /** Codes that this operation refuses with, besides those of every operation. */
  readonly errors?: readonly ErrorCode[];
  /** A call that reads is noted in the audit log too, because what it reads is somebody's content. */
  readonly audited?: true;
  /** What a request is about as far as it says itself: the audit log has it before anything is carried out. */
  readonly subjectOf?: (asked: {
    readonly params: z.output<Params>;
    readonly query: z.output<Query>;
    readonly body: z.output<Body>;
  }) => AuditSubject;
  /** The reply may last for long, and ends when its caller's credentials do. */
  readonly rechecked?: true;
  readonly handler: (
    call: RouteCall<z.output<Params>, z.output<Query>, z.output<Body>>,
  ) => Promise<Answer extends z.ZodType ? z.input<Answer> : unknown>;
};

/** A {@link RouteDefinition} of any types: what its handler is called with is what its schemas made of a request. */
export type Route = Omit<RouteDefinition<z.ZodType, z.ZodType, z.ZodType>, 'handler' | 'subjectOf'> & {
  readonly subjectOf?: (
    asked: Pick<RouteCall<unknown, unknown, unknown>, 'params' | 'query' | 'body'>,
  ) => AuditSubject;
  readonly handler: (call: RouteCall<unknown, unknown, unknown>) => Promise<unknown>;
};

/**
 * Makes an operation of the API. Every one is made by this function, so that role, tenant, audit and document cannot be forgotten:
 * there is no other way for a handler to be called.
 */
export function route<
  Params extends z.ZodType = Absent,
  Query extends z.ZodType = Absent,
  Body extends z.ZodType = Absent,
  Answer extends z.ZodType = z.ZodType,
>(definition: RouteDefinition<Params, Query, Body, Answer>): Route {
  return definition as unknown as Route;
}

/** Whether success is a stream. */
export function isStream(answer: Route['answer']): answer is StreamReply {
  return 'mediaType' in answer;
}

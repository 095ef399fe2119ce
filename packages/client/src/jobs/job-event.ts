import { type JobEventData, type JobEventName, jobEventSchemas } from '@sendense/api';
import { SendenseError } from '@sendense/core';
import type { z } from 'zod';
import type { EventMessage } from '../http/event-parser.ts';
import { lenient } from '../http/lenient.ts';
import { parseAnswer } from '../http/parse-answer.ts';

/** An event of a job. `id` is what the next connection goes on after; `progress` has none. */
export type JobEvent = {
  readonly [Name in JobEventName]: {
    readonly event: Name;
    readonly id: Name extends 'progress' ? null : number;
    readonly data: JobEventData<Name>;
  };
}[JobEventName];

const schemas = new Map<string, z.ZodType>(
  Object.entries(jobEventSchemas).map(([name, schema]) => [name, lenient<z.ZodType>(schema)]),
);

/** The event of a message; `undefined` for one of a newer server. Throws `PROTOCOL_VIOLATION` for what is none of its name. */
export function readJobEvent({ id, event, data }: EventMessage): JobEvent | undefined {
  const schema = schemas.get(event);
  if (schema === undefined) return undefined;
  const parsed = parseAnswer(data, schema);
  if (!parsed.success) throw strange(event, parsed.why);
  if (event !== 'progress' && id === null) throw strange(event, 'it has no id');
  return { event, id: id === null ? null : numberOf(id), data: parsed.data } as JobEvent;
}

/** The number of an event's id. */
export function numberOf(id: string): number {
  if (!/^\d{1,15}$/u.test(id)) throw strange(id, 'its id is no number');
  return Number(id);
}

function strange(event: string, why: string): SendenseError {
  return new SendenseError('PROTOCOL_VIOLATION', `the event is not one of a job (${event}): ${why}`, {
    operation: 'followJob',
  });
}

import { errorFromJson, type SendenseError } from '@sendense/core';
import { z } from 'zod';
import type { ExportInfo, ReloadReport } from '../service/reload-report.ts';

/** The most bytes of a request, its newline included. */
export const MAX_REQUEST_BYTES = 4096;
/** The most bytes of an answer: some ten thousand exports. */
export const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** What can be asked of a service, as one line of JSON: read the folder again, or tell what is served. */
export const requestSchema = z.strictObject({ call: z.enum(['reload', 'list']) });

/** See {@link requestSchema}. */
export type ControlRequest = z.output<typeof requestSchema>;

const exportSchema = z.object({
  name: z.string(),
  uri: z.string(),
  sizeBytes: z.int(),
  writable: z.boolean(),
  overlayBytes: z.int().nullable(),
  file: z.string(),
  description: z.string(),
}) satisfies z.ZodType<ExportInfo>;

const findingSchema = z.object({
  severity: z.enum(['info', 'warning', 'error']),
  code: z.string(),
  message: z.string(),
  object: z.string().optional(),
});

/** What a service answers, as one line of JSON. Fields that a newer one adds are left out. */
const answerSchema = z.union([
  z.object({ error: z.unknown().refine((value) => value !== undefined) }),
  z.object({
    exports: z.array(exportSchema),
    added: z.array(z.string()),
    removed: z.array(z.string()),
    failures: z.array(z.object({ file: z.string(), error: z.unknown() })),
    findings: z.array(findingSchema),
  }),
]);

/** A report as an answer. */
export function serializeReport({ failures, ...report }: ReloadReport): string {
  const told = failures.map(({ file, error }) => ({ file, error: error.toJSON() }));
  return `${JSON.stringify({ ...report, failures: told })}\n`;
}

/** A failure of the whole call as an answer. */
export function serializeFailure(error: SendenseError): string {
  return `${JSON.stringify({ error: error.toJSON() })}\n`;
}

/** An answer as a report. Throws the error that it tells; `undefined` for what is no answer. */
export function parseAnswer(line: string): ReloadReport | undefined {
  const parsed = answerSchema.safeParse(parseJson(line));
  if (!parsed.success) return undefined;
  if ('error' in parsed.data) throw errorFromJson(parsed.data.error);
  const { failures, findings, ...report } = parsed.data;
  return {
    ...report,
    failures: failures.map(({ file, error }) => ({ file, error: errorFromJson(error) })),
    findings: findings.map(({ object, ...finding }) => ({
      ...finding,
      ...(object === undefined ? {} : { object }),
    })),
  };
}

/** A request; `undefined` for what is none. */
export function parseRequest(line: string): ControlRequest | undefined {
  const parsed = requestSchema.safeParse(parseJson(line));
  return parsed.success ? parsed.data : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

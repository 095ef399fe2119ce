import type { LogRecord, LogSink } from '@sendense/core';

/** Which records are written: those of this level and above. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Levels from the most to the least talkative. */
export const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];

/** How log records are written. */
export type LogOptions = { readonly level: LogLevel; readonly json: boolean; readonly now: () => Date };

/** The failure of a job: the command ends with it, and tells it to people in its last line. */
function isJobFailure({ level, fields }: LogRecord): boolean {
  return level === 'error' && 'jobId' in fields && 'operation' in fields;
}

function textLine(record: LogRecord): string {
  const { jobId: _, ...told } = record.fields;
  const fields = Object.entries(told).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
  return `${record.level}: ${record.message}${fields.join('')}`;
}

/** A sink that writes one line a record: text for people, or JSON with `time`, `level`, `message` and the fields. */
export function createLogLines(write: (line: string) => void, options: LogOptions): LogSink {
  const threshold = LOG_LEVELS.indexOf(options.level);
  return (record) => {
    if (LOG_LEVELS.indexOf(record.level) < threshold) return;
    if (!options.json && isJobFailure(record)) return;
    const { level, message, fields } = record;
    write(
      options.json
        ? JSON.stringify({ ...fields, time: options.now().toISOString(), level, message })
        : textLine(record),
    );
  };
}

/** What a field must be. `[shape]`: a list whose items have the shape; an object: at least these fields. */
export type Shape = FieldType | readonly [Shape] | { readonly [field: string]: Shape };

/** Kinds of plain values. */
export type FieldType = keyof typeof KINDS;

const isText = (value: unknown) => typeof value === 'string' && value.length > 0;
const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;

const KINDS = {
  text: isText,
  'text or null': (value: unknown) => value === null || isText(value),
  boolean: (value: unknown) => typeof value === 'boolean',
  count: isCount,
  'count or null': (value: unknown) => value === null || isCount(value),
  number: (value: unknown) => typeof value === 'number' && value >= 0,
  'number or null': (value: unknown) => value === null || (typeof value === 'number' && value >= 0),
  null: (value: unknown) => value === null,
  'error or null': (value: unknown) => value === null || typeof value === 'object',
  kind: (value: unknown) => ['full', 'incremental', 'differential'].includes(String(value)),
  severity: (value: unknown) => ['info', 'warning', 'error'].includes(String(value)),
  'disk-N': (value: unknown) => /^disk-\d+$/.test(String(value)),
  'absolute path': (value: unknown) => typeof value === 'string' && value.startsWith('/'),
  uuid: (value: unknown) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(String(value)),
  instant: (value: unknown) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(String(value)),
} as const;

/** Sentences about fields that are missing or of another kind. */
export function misfits(value: unknown, shape: Shape, path = 'result'): string[] {
  if (typeof shape === 'string') {
    return KINDS[shape](value) ? [] : [`${path} is no ${shape}: ${JSON.stringify(value)}`];
  }
  if (isList(shape)) {
    if (!Array.isArray(value)) return [`${path} is no list`];
    return value.flatMap((item, index) => misfits(item, shape[0], `${path}[${index}]`));
  }
  if (typeof value !== 'object' || value === null) return [`${path} is no object`];
  return Object.entries(shape).flatMap(([field, inner]) =>
    misfits((value as Record<string, unknown>)[field], inner, `${path}.${field}`),
  );
}

function isList(shape: Shape): shape is readonly [Shape] {
  return Array.isArray(shape);
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Fields of which a server tells nothing: where files are. */
const UNTOLD: ReadonlySet<string> = new Set(['path']);

/** JSON of the command line without what differs from run to run, and without what a server does not tell; keys of machines stay. */
export function comparable(value: unknown, key = ''): unknown {
  if (UNTOLD.has(key)) return 'path';
  if (key.endsWith('Ms')) return 'time';
  if (typeof value === 'string' && key !== 'machine') return withoutIds(value);
  if (Array.isArray(value)) return value.map((item) => comparable(item, key));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, comparable(inner, name)]));
}

function withoutIds(text: string): string {
  if (UUID.test(text)) return 'id';
  return INSTANT.test(text) ? 'instant' : text;
}

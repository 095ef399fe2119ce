import { errorSchema } from '@sendense/api';
import { seededInteger, seededRandom } from '@sendense/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { SendenseServer } from '../src/index.ts';
import { ask } from './support/client.ts';
import { makeWorld, type World } from './support/world.ts';

const ROUNDS = 40;

/** What clients might send for a name, an id or a number. */
const VALUES: readonly unknown[] = [
  'web',
  'main',
  'lab',
  '',
  '..',
  '../../etc/passwd',
  '%2e%2e%2f',
  'a/b',
  '\u0000',
  '\u{1f4be}',
  'x'.repeat(300),
  '__proto__',
  'constructor',
  '2026-11-22',
  '-1',
  '1e309',
  'true',
  0,
  -1,
  1.5,
  true,
  null,
  [],
  ['disk-0'],
  {},
  { at: 'image:/etc/passwd' },
];

type Operation = {
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: { readonly $ref: string } }>>;
  };
  readonly responses: Readonly<Record<string, unknown>>;
};
type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, { readonly properties: Readonly<Record<string, unknown>> }>>;
  };
};

let world: World;
let server: SendenseServer;
let document: Document;
beforeEach(async () => {
  world = await makeWorld();
  server = await world.start({ rates: { requestsPerMinute: 100_000 } });
  document = (await ask(server, 'GET', '/openapi.json')).body as Document;
});
afterEach(() => world[Symbol.asyncDispose]());

/** A request to an operation, by the document, with values that mostly do not fit. */
function hostile(path: string, { parameters, requestBody }: Operation, random: () => number) {
  const pick = () => VALUES[seededInteger(random, VALUES.length)];
  const textOf = () => encodeURIComponent(String(pick()));
  const query = parameters.filter((each) => each.in === 'query' && random() < 0.7);
  const filled = path.replaceAll(/\{\w+\}/g, () => textOf() || 'x');
  const url = `${filled}?${query.map(({ name }) => `${name}=${textOf()}`).join('&')}`;
  const id = requestBody?.content['application/json']?.schema.$ref.split('/').at(-1);
  if (id === undefined) return { url };
  const fields = Object.keys(document.components.schemas[id]?.properties ?? {});
  const body = Object.fromEntries(fields.filter(() => random() < 0.9).map((field) => [field, pick()]));
  return { url, body: JSON.stringify(random() < 0.1 ? pick() : body) };
}

it('answers whatever is sent as the document says, and never by a defect', async () => {
  const random = seededRandom(19);
  for (const [path, byMethod] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(byMethod)) {
      if (path.endsWith('/events')) continue; // a stream, of ids that are no jobs 404 as its neighbours
      for (let round = 0; round < ROUNDS; round += 1) {
        const { url, body } = hostile(path, operation, random);
        const answer = await ask(server, method.toUpperCase(), url, body === undefined ? {} : { body });
        const asked = `${method} ${url} ${body ?? ''}: ${answer.status} ${JSON.stringify(answer.body)}`;
        if (answer.status >= 400) expect(errorSchema.safeParse(answer.body).success, asked).toBe(true);
        expect(answer.status === 501 || answer.status < 500, asked).toBe(true);
        // a value may make the path that of another operation, or of none
        const documented = [...Object.keys(operation.responses), '404', '405'];
        expect(documented, asked).toContain(String(answer.status));
      }
    }
});

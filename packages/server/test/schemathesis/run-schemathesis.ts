import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { peerEnvironment, readPeers } from '@sendense/tests/peer-list';
import type { Document } from './document.ts';

/** A request that was sent, and its answer. */
export type Exchange = {
  readonly method: string;
  /** Of the URL, still encoded. */
  readonly path: string;
  readonly status: number;
  readonly text: string;
};

/** What a run came to. */
export type Run = {
  readonly exitCode: number;
  readonly printed: string;
  readonly exchanges: readonly Exchange[];
};

/** How much it sends: at most so many random requests to each operation, beside those at the bounds of every schema. */
const EXAMPLES = 8;

const SEED = 1959;
const MOST_MS = 300_000;

/**
 * 501 is the documented answer of what is not offered; every other 5xx is a fault. A page of files goes on from `next` of the one before:
 * what is none is 400, and no schema can tell.
 */
const SETTINGS = `
headers = { Authorization = "Bearer \${SENDENSE_TOKEN}" }
request-timeout = 60
[generation]
database = "none"
max-examples = ${EXAMPLES}
[checks]
not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 501]
[[operations]]
include-operation-id = "listFiles"
checks.positive_data_acceptance.expected-statuses = ["2xx", 400, 404]
`;

/** Sends requests by a document to the server at `url`, with the checks of schemathesis; what it keeps lies in `folder`. */
export async function runSchemathesis(
  document: Document,
  { url, token, folder }: { readonly url: string; readonly token: string; readonly folder: string },
): Promise<Run> {
  const [settings, schema, report] = ['schemathesis.toml', 'openapi.json', 'report.har'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  await writeFile(settings, SETTINGS);
  await writeFile(schema, JSON.stringify(document));
  const peer = readPeers().find(({ name }) => name === 'schemathesis');
  if (peer === undefined) throw new TypeError('tests/peers.json has no row "schemathesis"');
  const options = ['--url', url, '--seed', String(SEED), '--warnings', 'off', '--report-har-path', report];
  const env = { ...peerEnvironment(peer), SENDENSE_TOKEN: token };
  const ended = await new Promise<Omit<Run, 'exchanges'>>((resolve) => {
    const given = ['--config-file', settings, '--no-color', 'run', ...options, schema];
    const limits = { cwd: folder, env, timeout: MOST_MS, maxBuffer: 64 * 1024 * 1024 };
    execFile('schemathesis', given, limits, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code ?? -1), printed: stdout + stderr });
    });
  });
  // there is none where it could not begin, and what it printed says why
  const har = await readFile(report, 'utf8').catch(() => undefined);
  return { ...ended, exchanges: har === undefined ? [] : readHar(har) };
}

type Har = {
  readonly log: {
    readonly entries: readonly {
      readonly request: { readonly method: string; readonly url: string };
      readonly response: {
        readonly status: number;
        readonly content: { readonly text?: string; readonly encoding?: string };
      };
    }[];
  };
};

/** "HTTP Archive 1.2", as far as the tests need it. */
function readHar(text: string): Exchange[] {
  const { log } = JSON.parse(text) as Har;
  return log.entries.map(({ request, response: { status, content } }) => {
    const body = Buffer.from(content.text ?? '', content.encoding === 'base64' ? 'base64' : 'utf8');
    // not by URL, which would resolve the dots of hostile paths
    const path = request.url.replace(/^\w+:\/\/[^/]*/u, '').replace(/[?#].*$/su, '');
    return { method: request.method, path, status, text: body.toString('utf8') };
  });
}

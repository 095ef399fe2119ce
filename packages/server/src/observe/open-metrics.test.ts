import { JOB_STATES, type JobState } from '@sendense/api';
import { expect, it } from 'vitest';
import { metricFamilies } from './metric-families.ts';
import { openMetrics } from './open-metrics.ts';
import { RequestTimes } from './request-times.ts';

const NO_JOBS = Object.fromEntries(JOB_STATES.map((state) => [state, 0])) as Record<JobState, number>;
const get = { method: 'GET', route: '/api/v1/jobs', status: '200' };

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABELS = /^(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"(?:,(?!$)|$))*$/;
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`);
/** What OpenMetrics 1.0 lets follow the name of a family, by its type. */
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: ['_total'],
  gauge: [''],
  histogram: ['_bucket', '_count', '_sum'],
};

/** Reads an exposition as the specification has it; throws at the first line that it does not allow. */
function parse(text: string): Map<string, { type: string; samples: Map<string, number> }> {
  const families = new Map<string, { type: string; samples: Map<string, number> }>();
  const lines = text.split('\n');
  expect(lines.splice(-2)).toEqual(['# EOF', '']);
  let name = '';
  for (const line of lines) {
    const [, keyword, family = '', value = ''] = /^# (TYPE|UNIT|HELP) (\S+) (.+)$/.exec(line) ?? [];
    if (keyword === 'TYPE') {
      if (families.has(family)) throw new Error(`interleaved: ${line}`);
      families.set(family, { type: value, samples: new Map() });
      name = family;
    } else if (keyword === 'UNIT' && !(family === name && family.endsWith(`_${value}`)))
      throw new Error(line);
    else if (keyword === undefined) addSample(families, name, line);
  }
  return families;
}

function addSample(families: ReturnType<typeof parse>, name: string, line: string): void {
  const [, sample = '', labels = '', value = ''] = SAMPLE.exec(line) ?? [];
  const family = families.get(name);
  const suffix = sample.startsWith(name) ? sample.slice(name.length) : 'another name';
  if (family === undefined || !SUFFIXES[family.type]?.includes(suffix)) throw new Error(line);
  if (!LABELS.test(labels) || !/^(\d+(\.\d+)?(e[+-]\d+)?)$/.test(value)) throw new Error(line);
  const key = `${suffix}{${labels}}`;
  if (family.samples.has(key)) throw new Error(`twice: ${line}`);
  family.samples.set(key, Number(value));
}

it('is what the specification allows, line by line', () => {
  const times = new RequestTimes();
  times.observe(get, 0.004);
  times.observe(get, 0.3);
  times.observe(get, 60);
  const families = parse(openMetrics(metricFamilies(times, { ...NO_JOBS, running: 2 })));
  expect([...families].map(([name, { type }]) => `${name} ${type}`)).toEqual([
    'sendense_http_requests counter',
    'sendense_http_request_duration_seconds histogram',
    'sendense_jobs gauge',
    'process_resident_memory_bytes gauge',
    'process_start_time_seconds gauge',
  ]);
  expect(families.get('sendense_jobs')?.samples.get('{state="running"}')).toBe(2);
});

it('counts in a bucket everything up to its bound, and all in the last', () => {
  const times = new RequestTimes();
  for (const seconds of [0.004, 0.005, 0.3, 60]) times.observe(get, seconds);
  const labels = 'method="GET",route="/api/v1/jobs",status="200"';
  const found = parse(openMetrics(metricFamilies(times, NO_JOBS))).get(
    'sendense_http_request_duration_seconds',
  );
  const bucket = (le: string) => found?.samples.get(`_bucket{${labels},le="${le}"}`);
  expect([bucket('0.005'), bucket('0.25'), bucket('0.5'), bucket('10.0'), bucket('+Inf')]).toEqual([
    2, 2, 3, 3, 4,
  ]);
  expect(found?.samples.get(`_count{${labels}}`)).toBe(4);
  expect(found?.samples.get(`_sum{${labels}}`)).toBeCloseTo(60.309);
});

it('escapes what would end a label', () => {
  const text = openMetrics([
    {
      name: 'x',
      type: 'gauge',
      help: 'one\ntwo',
      samples: [{ suffix: '', labels: { a: 'q"\\\n' }, value: 1 }],
    },
  ]);
  expect(text).toBe('# TYPE x gauge\n# HELP x one\\ntwo\nx{a="q\\"\\\\\\n"} 1\n# EOF\n');
  expect(parse(text).get('x')?.samples.size).toBe(1);
});

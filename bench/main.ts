import { parseArguments, type Settings, USAGE } from './arguments.ts';
import { CURVES } from './curves/index.ts';
import { measureCurve } from './curves/measure-point.ts';
import { measureRows } from './measure-rows.ts';
import { profileBackup } from './profile/profile-backup.ts';
import { resultLine } from './report/print-table.ts';
import { type Measurements, mergeRecords, readRecords, writeRecords } from './report/store.ts';
import { writePerformanceDocument } from './report/write-document.ts';
import { buildStale } from './setup/build-stale.ts';
import { describeMachine, findVersions } from './setup/describe-machine.ts';
import { Workbench } from './workbench.ts';

const say = (line: string) => process.stderr.write(`${line}\n`);

/** A part of what a run measures: some of its results, a curve, or the profile. */
type Part = Pick<Measurements, 'results' | 'curves' | 'profile'>;

const NOTHING: Part = { results: [], curves: [], profile: null };

/** Measures what the settings ask for, keeps each part at once where that was asked, and prints all of it. */
async function main(settings: Settings): Promise<void> {
  if (settings.build) await buildStale(say);
  await using bench = await Workbench.open(settings, say);
  const parts: Part[] = [];
  for await (const part of measureParts(bench)) {
    parts.push(part);
    if (settings.record) await record(await complete(part, bench));
  }
  const whole = {
    results: parts.flatMap(({ results }) => results),
    curves: parts.flatMap(({ curves }) => curves),
    profile: parts.at(-1)?.profile ?? null,
  };
  if (settings.json) process.stdout.write(`${JSON.stringify(await complete(whole, bench))}\n`);
}

async function* measureParts(bench: Workbench): AsyncGenerator<Part> {
  const { curves, profile } = bench.settings;
  for await (const result of measureRows(bench)) {
    say(resultLine(result));
    yield { ...NOTHING, results: [result] };
  }
  for (const plan of curves ? CURVES : []) yield { ...NOTHING, curves: [await measureCurve(bench, plan)] };
  if (profile) yield { ...NOTHING, profile: await profileBackup(bench) };
}

async function complete(part: Part, bench: Workbench): Promise<Measurements> {
  return { ...part, machine: describeMachine(), versions: await findVersions(bench) };
}

/** A run that is cut short leaves what it measured until then. */
async function record(measured: Measurements): Promise<void> {
  await writeRecords(mergeRecords(readRecords(), measured, new Date()));
  await writePerformanceDocument();
}

/** The settings; `null`, with what to do on standard error, when an argument is wrong. */
function readSettings(): Settings | null {
  try {
    return parseArguments(process.argv.slice(2));
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    say(USAGE);
    return null;
  }
}

const settings = readSettings();
if (settings === null) process.exitCode = 2;
else await main(settings);

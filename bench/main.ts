import { parseArguments, type Settings, USAGE } from './arguments.ts';
import type { Curve } from './curves/curve.ts';
import { CURVES } from './curves/index.ts';
import { measureCurve } from './curves/measure-point.ts';
import { measureRows } from './measure-rows.ts';
import { profileBackup } from './profile/profile-backup.ts';
import { resultLine } from './report/print-table.ts';
import type { Result } from './report/result.ts';
import { type Measurements, mergeRecords, readRecords, writeRecords } from './report/store.ts';
import { writePerformanceDocument } from './report/write-document.ts';
import { buildStale } from './setup/build-stale.ts';
import { describeMachine, findVersions } from './setup/describe-machine.ts';
import { Workbench } from './workbench.ts';

const say = (line: string) => process.stderr.write(`${line}\n`);

/** Measures what the settings ask for, prints it, and keeps it where that was asked. */
async function main(settings: Settings): Promise<void> {
  if (settings.build) await buildStale(say);
  const measured = await measureAll(settings);
  if (settings.record) await record(measured);
  if (settings.json) process.stdout.write(`${JSON.stringify(measured)}\n`);
}

async function measureAll(settings: Settings): Promise<Measurements> {
  await using bench = await Workbench.open(settings, say);
  const results: Result[] = [];
  for await (const result of measureRows(bench)) {
    results.push(result);
    say(resultLine(result));
  }
  const curves: Curve[] = [];
  for (const plan of settings.curves ? CURVES : []) curves.push(await measureCurve(bench, plan));
  const profile = settings.profile ? await profileBackup(bench) : null;
  return { results, machine: describeMachine(), versions: await findVersions(bench), curves, profile };
}

async function record(measured: Measurements): Promise<void> {
  await writeRecords(mergeRecords(readRecords(), measured, new Date()));
  await writePerformanceDocument();
  say('kept in bench/results; docs/performance.md is written');
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

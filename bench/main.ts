import { parseArguments, type Settings, USAGE } from './arguments.ts';
import { measureRows } from './measure-rows.ts';
import { resultLine } from './report/print-table.ts';
import type { Result } from './report/result.ts';
import { buildStale } from './setup/build-stale.ts';
import { describeMachine, findVersions } from './setup/describe-machine.ts';
import { Workbench } from './workbench.ts';

const say = (line: string) => process.stderr.write(`${line}\n`);

/** Measures what the settings ask for and prints it. */
async function main(settings: Settings): Promise<void> {
  if (settings.build) await buildStale(say);
  const results: Result[] = [];
  await using bench = await Workbench.open(settings, say);
  for await (const result of measureRows(bench)) {
    results.push(result);
    say(resultLine(result));
  }
  const report = { results, machine: describeMachine(), versions: findVersions() };
  if (settings.json) process.stdout.write(`${JSON.stringify(report)}\n`);
}

/** The settings; a wrong argument ends the program with what to do. */
function settingsOrEnd(): Settings {
  try {
    return parseArguments(process.argv.slice(2));
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.stderr.write(USAGE);
    process.exit(2);
  }
}

await main(settingsOrEnd());

import { isPresent, readPeers } from '@sendense/tests/peer-list';
import { testScale, testSeed } from '@sendense/tests/scale';
import { selectedSuites } from './arguments.ts';
import { budgetTable, readBudget } from './budget.ts';
import { closingLine } from './closing-line.ts';
import { decidePeers, type Machine, peerFailures, peersOfSuites } from './decide-peers.ts';
import { installPackages, thisMachine, unpackPeer } from './install-peers.ts';
import { outcomeOf, skipLines, unexplainedSkips } from './report.ts';
import { runVitest } from './run-vitest.ts';
import type { SuiteResult } from './suite-results.ts';

const say = (line: string) => process.stdout.write(`${line}\n`);

async function main(args: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  const machine = thisMachine();
  const budget = readBudget();
  const peerProblems = preparePeers(selectedSuites(args, Object.keys(budget.suites)), machine);
  say(`SENDENSE_TEST_SCALE=${testScale()} SENDENSE_TEST_SEED=${testSeed()} Node ${process.version}`);
  const { suites, exitCode } = await runVitest(args);
  const skips = suites.flatMap((suite) => suite.skips);
  // With a name filter everything that does not match counts as skipped.
  const filtered = args.some((arg) => arg === '-t' || arg.startsWith('--testNamePattern'));
  const strict = machine.ci && !filtered;
  const { tally, problems } = outcomeOf(
    suites,
    [...peerProblems, ...(strict ? unexplainedSkips(skips) : [])],
    exitCode,
  );
  say('');
  if (!filtered) printSkips(skips);
  for (const line of budgetTable(budget, durations(suites), performance.now() - startedAt)) say(line);
  for (const failure of suites.flatMap((suite) => suite.failures)) say(`FAILED: ${failure}`);
  for (const problem of problems) say(`FAILED: ${problem}`);
  say(closingLine(tally));
  return tally.failed > 0 ? exitCode || 1 : exitCode;
}

/** Installs or names the absent peers; returns the failures that those still absent are. */
function preparePeers(suites: readonly string[], machine: Machine): string[] {
  const needed = peersOfSuites(readPeers(), suites);
  const absent = needed.filter((peer) => !isPresent(peer));
  const { install, unpack, advice } = decidePeers(absent, machine);
  if (advice !== undefined) process.stderr.write(`${advice}\n`);
  if (install.length > 0 && !installPackages(install))
    process.stderr.write('apt-get failed; going on without.\n');
  for (const peer of unpack.filter((candidate) => !isPresent(candidate))) {
    if (!unpackPeer(peer)) process.stderr.write(`${peer.name} could not be unpacked; going on without.\n`);
  }
  return peerFailures(
    absent.filter((peer) => !isPresent(peer)),
    machine,
  );
}

function printSkips(skips: SuiteResult['skips']): void {
  const impossible = readPeers().filter((peer) => peer.impossible !== undefined);
  say('Not proven here (tests/peers.json):');
  for (const peer of impossible) say(`  ${peer.name}: ${peer.impossible}`);
  if (skips.length === 0) return;
  say('Skipped:');
  for (const line of skipLines(skips)) say(line);
}

function durations(suites: readonly SuiteResult[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { suite, durationMs } of suites) sums.set(suite, (sums.get(suite) ?? 0) + durationMs);
  return sums;
}

process.exitCode = await main(process.argv.slice(2));

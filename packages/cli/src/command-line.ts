import { SendenseError } from '@sendense/core';
import { type Command, CommanderError } from 'commander';
import { EXIT, errorExitCode, signalExitCode } from './exit-code.ts';
import type { Host } from './host.ts';
import { asSendenseError, errorLine, errorReport } from './output/error-report.ts';
import type { CommonOptions } from './program/common-flags.ts';
import { createProgram } from './program/create-program.ts';
import { openSession } from './session/session.ts';
import { listenForStop, type StopSignals } from './session/stop-signals.ts';
import type { VerbResult } from './verb.ts';
import { type Order, perform } from './work/perform.ts';

/** Runs the command line `args` (without program and script) and gives the exit code. Never rejects. */
export async function runCommandLine(args: readonly string[], host: Host): Promise<number> {
  const json = args.includes('--json') || args.includes('--jsonl');
  const stop = listenForStop(host);
  let exitCode: number = EXIT.done;
  const program = createProgram(async (verb, options, given) => {
    exitCode = await runVerb({ verb, given, options: options as CommonOptions }, host, stop);
  });
  redirectOutput(program, host);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done;
    return reportFailure(asFailure(error, program, args), json, host, stop);
  } finally {
    stop.end();
  }
}

async function runVerb(order: Order, host: Host, stop: StopSignals): Promise<number> {
  const result = await runInSession(order, host, stop);
  print(result, order.options.json === true, host);
  return result.exitCode ?? EXIT.done;
}

/** Everything is closed, and the terminal free, when this resolves. */
async function runInSession(order: Order, host: Host, stop: StopSignals): Promise<VerbResult> {
  await using session = await openSession(host, order.options, stop);
  return await perform(session, order);
}

function print(result: VerbResult, json: boolean, host: Host): void {
  if (json) host.stdout.write(`${JSON.stringify(result.json)}\n`);
  else for (const line of result.lines) host.stdout.write(`${line}\n`);
}

/** Help goes to standard output, what is wrong is reported by `reportFailure`. */
function redirectOutput(program: Command, host: Host): void {
  const output = {
    writeOut: (text: string) => void host.stdout.write(text),
    writeErr: () => undefined,
    outputError: () => undefined,
  };
  const visit = (command: Command) => {
    command.configureOutput(output);
    for (const child of command.commands) visit(child);
  };
  visit(program);
}

/** The verb, or group of verbs, that `args` name, in words; flags may stand in front of each. */
function knownWords(program: Command, args: readonly string[]): string[] {
  for (const [index, word] of args.entries()) {
    const command = program.commands.find((candidate) => candidate.name() === word);
    if (command === undefined) continue;
    return [program.name(), ...knownWords(command, args.slice(index + 1))];
  }
  return [program.name()];
}

function asFailure(error: unknown, program: Command, args: readonly string[]): SendenseError {
  if (!(error instanceof CommanderError)) return asSendenseError(error, 'run-command');
  const help = `run "${knownWords(program, args).join(' ')} --help"`;
  const message = error.message
    .replace(/^error: /, '')
    .replace('(outputHelp)', 'no verb was given')
    .replace(/\.$/, '');
  return new SendenseError('CONFIG_INVALID', message, { operation: 'parse-arguments', remedy: help });
}

function reportFailure(error: SendenseError, json: boolean, host: Host, stop: StopSignals): number {
  host.stderr.write(`${errorLine(error)}\n`);
  if (json) host.stdout.write(`${JSON.stringify({ error: errorReport(error) })}\n`);
  const received = stop.received();
  // whatever the abandoned work made of the signal, the command ended because of it
  if (received !== undefined && stop.signal.aborted && error.code === 'ABORTED')
    return signalExitCode(received);
  return errorExitCode(error, received);
}

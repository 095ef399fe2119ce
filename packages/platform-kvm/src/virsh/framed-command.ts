import { quoteArgument } from './quote-argument.ts';

/** A command line for virsh, with the words it prints around the reply. */
export type FramedCommand = {
  /** To be written to the standard input. */
  readonly lines: string;
  /** Printed on both outputs when the command begins. */
  readonly begin: string;
  /** Printed on the standard output right after what the command printed. */
  readonly done: string;
  /** Printed on both outputs when nothing more of the command comes, even if virsh could not parse it. */
  readonly end: string;
};

/** What `echo --err` puts in front of its word, in the quiet mode too. */
const ECHOED_ERROR = /error: $/;

/** How virsh is told to print `word`: quoted in the middle, so that the echo of the input is not taken for the word. */
function spelled(word: string): string {
  return `${word.slice(0, 3)}"${word.slice(3)}"`;
}

/**
 * Frames a command by words that only virsh's `echo` prints. virsh repeats its input behind a prompt; it parses a whole
 * line before it runs any of it, goes on with the line after a command failed, and runs nothing of a line it cannot
 * parse: hence the end on a line of its own.
 */
export function frameCommand(command: string, args: readonly string[], token: string): FramedCommand {
  const [begin, done, end] = [`begin-${token}`, `done-${token}`, `end-${token}`];
  const line = [command, ...args.map(quoteArgument)].join(' ');
  const first = `echo --err ${spelled(begin)}; echo ${spelled(begin)}; ${line}; echo ${spelled(done)}`;
  const last = `echo ${spelled(end)}; echo --err ${spelled(end)}`;
  return { lines: `${first}\n${last}\n`, begin, done, end };
}

/** Whether an output holds all of the reply. */
export function isComplete(output: string, { end }: FramedCommand): boolean {
  return output.includes(end);
}

/** The text that the command printed on one output: from its beginning, if it began, to its end. */
export function unframe(output: string, { begin, done, end }: FramedCommand): string {
  const beginAt = output.indexOf(begin);
  const from = beginAt === -1 ? 0 : beginAt + begin.length;
  const doneAt = output.indexOf(done, from);
  const text = output.slice(from, doneAt === -1 ? output.indexOf(end, from) : doneAt);
  return text.replace(/^\n/, '').replace(ECHOED_ERROR, '');
}

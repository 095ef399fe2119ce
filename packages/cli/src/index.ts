export { runCommandLine } from './command-line.ts';
export { EXIT, type StopSignal } from './exit-code.ts';
export type { Host, TextOutput } from './host.ts';
export { formatBytes, formatDuration, formatRate } from './output/human-size.ts';
export { processHost } from './process-host.ts';
export {
  type ArgumentDescription,
  describeCommonFlags,
  describeVerbs,
  type FlagDescription,
  type VerbDescription,
} from './program/describe-verbs.ts';

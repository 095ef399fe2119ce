/** Variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The variables of this process, for those who put plugins together and were handed no others. */
export function processEnvironment(): Environment {
  return process.env;
}

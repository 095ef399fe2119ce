/**
 * How long an answer may take whose work grows with what a repository holds, in milliseconds. Node's own `fetch` waits for 300 s: less
 * than that, so that what ran out of time is told as that.
 */
export const LONG_CALL_MS = 290_000;

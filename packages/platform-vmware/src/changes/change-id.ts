/** Where change tracking of a disk stands, as text of the form `EPOCH/SEQUENCE`. */
export type ChangeId = {
  /** Another one after tracking was reset: nothing is known of what was before. */
  readonly epoch: string;
  /** Goes on with each snapshot; `undefined` where the text has none that can be compared. */
  readonly sequence: number | undefined;
};

/** Splits the change id of a disk. The two parts are as VMware documents them; their form is the server's own. */
export function parseChangeId(text: string): ChangeId {
  const at = text.lastIndexOf('/');
  if (at === -1) return { epoch: text, sequence: undefined };
  const digits = text.slice(at + 1);
  return {
    epoch: text.slice(0, at),
    sequence: /^\d{1,15}$/.test(digits) ? Number(digits) : undefined,
  };
}

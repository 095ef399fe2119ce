/** Longer ones are cut: a finding is to be read. */
const MOST_LENGTH = 1000;
const PART_LENGTH = 480;

/** A path as a finding tells it: of a long one the begin and the end, which do not keep the whole in memory. */
export function shortPath(path: string): string {
  if (path.length <= MOST_LENGTH) return path;
  const short = `${path.slice(0, PART_LENGTH)} … ${path.slice(-PART_LENGTH)}`;
  // a part of a string keeps all of it, one that is made of bytes does not
  return Buffer.from(short, 'utf16le').toString('utf16le');
}

/** The next whole second: services keep no finer time, and a lock must not end early. */
export function wholeSecond(date: Date): Date {
  return new Date(Math.ceil(date.getTime() / 1000) * 1000);
}

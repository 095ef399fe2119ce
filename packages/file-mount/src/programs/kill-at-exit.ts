import type { ChildProcess } from 'node:child_process';

const children = new Set<ChildProcess>();

/**
 * Kills a program when this process ends by `process.exit`, if it has not ended until then: Node waits for its threads there, and one that
 * reads files that the program shows waits for this process, which serves their bytes. Killed, the files give errors, and the thread ends.
 */
export function killAtExit(child: ChildProcess): void {
  if (children.size === 0) process.on('exit', killAll);
  children.add(child);
  child.once('exit', () => {
    children.delete(child);
    if (children.size === 0) process.off('exit', killAll);
  });
}

function killAll(): void {
  for (const child of children) child.kill('SIGKILL');
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A program that has the file open until it is disposed. */
export async function holdOpen(path: string): Promise<AsyncDisposable> {
  const program = "process.stdin.resume(); require('fs').openSync(process.argv[1]); console.log('open')";
  const child = spawn(process.execPath, ['-e', program, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return {
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await once(child, 'close');
    },
  };
}

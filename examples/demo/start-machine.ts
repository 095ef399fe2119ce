import type { DemoMachine } from './demo-machine.ts';
import { imageMachine } from './image-machine.ts';
import { startLiveMachine } from './live-machine.ts';
import { findProgram } from './run-program.ts';

/** A live machine where QEMU is installed, the image file alone where it is not. */
export async function startMachine(folder: string): Promise<DemoMachine> {
  for (const program of ['qemu-system-x86_64', 'qemu-img'])
    if ((await findProgram(program)) === undefined)
      return imageMachine(folder, `${program} is not installed`);
  return await startLiveMachine(folder);
}

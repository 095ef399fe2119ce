import { runCommand } from '../run-command.ts';

// The generated parts of the documents first, then the reference of the API in .docs/.
const generate = await runCommand(process.execPath, [...process.execArgv, 'tools/generate-docs.ts']);
process.stderr.write(generate.output);
const reference = generate.ok ? await runCommand('typedoc', ['--out', '.docs']) : generate;
if (reference !== generate) process.stderr.write(reference.output);
process.exitCode = reference.ok ? 0 : 1;

import { buildPackages } from './build-packages.ts';

const { ok, output } = await buildPackages();
process.stderr.write(output);
process.exitCode = ok ? 0 : 1;

#!/usr/bin/env node
import { runCommandLine } from './command-line.ts';
import { limitYoungGeneration } from './limit-young-generation.ts';
import { processHost } from './process-host.ts';

limitYoungGeneration();
process.exitCode = await runCommandLine(process.argv.slice(2), processHost());

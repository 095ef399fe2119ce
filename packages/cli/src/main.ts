#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { compileCacheFolder } from './config/locations.ts';

// Loading the code is a large part of what a short command costs. Where the folder cannot be made, nothing is kept.
enableCompileCache(compileCacheFolder(process.env, homedir()));

const { runCommandLine } = await import('./command-line.ts');
const { processHost } = await import('./process-host.ts');

process.exitCode = await runCommandLine(process.argv.slice(2), processHost());

import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** The environment that loads a program of this folder into every Node process started with it. */
export function preload(name: 'report-peak' | 'kill-at'): { readonly NODE_OPTIONS: string } {
  const file = pathToFileURL(path.join(import.meta.dirname, `${name}.ts`));
  return { NODE_OPTIONS: `--disable-warning=ExperimentalWarning --import=${file.href}` };
}

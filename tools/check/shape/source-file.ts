import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/** A source file as the shape rules see it. */
export interface SourceFile {
  /** Relative to the checkout, with forward slashes. */
  readonly file: string;
  readonly lines: number;
  readonly isTest: boolean;
  readonly tree: ts.SourceFile;
}

/** Parses text as a source file. */
export function parseSource(file: string, text: string): SourceFile {
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  return { file, lines, isTest: isTestFile(file), tree };
}

/** Reads and parses a file below `root`. */
export function readSource(root: string, file: string): SourceFile {
  return parseSource(file, readFileSync(path.join(root, file), 'utf8'));
}

function isTestFile(file: string): boolean {
  return file.endsWith('.test.ts') || /^packages\/[^/]+\/test\//.test(file) || file.startsWith('tests/');
}

import ts from 'typescript';
import type { SourceFile } from './source-file.ts';

/** The figures that code must keep. Lines count from the first to the last of a file or function. */
export const sizeLimits = { fileLines: 400, functionLines: 60, medianFileLines: 90, medianFunctionLines: 10 };

/** A function and how long it is. */
export interface FunctionSize {
  readonly name: string;
  /** 1-based. */
  readonly line: number;
  readonly lines: number;
}

/** All functions of a file with a body. Callbacks of `describe` are containers of tests, not functions in this sense. */
export function functionSizes({ tree }: SourceFile): FunctionSize[] {
  const sizes: FunctionSize[] = [];
  const visit = (node: ts.Node): void => {
    if (isFunction(node) && !isDescribeCallback(node)) sizes.push(sizeOf(node, tree));
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return sizes;
}

/** Sentences about files and functions that are too long. */
export function sizeViolations(files: readonly SourceFile[]): string[] {
  return [...files.flatMap(tooLong), ...medianViolations(files.filter(isProduct))];
}

function tooLong(source: SourceFile): string[] {
  const { fileLines, functionLines } = sizeLimits;
  const long = functionSizes(source).filter((size) => size.lines > functionLines);
  const sentences = long.map(
    ({ name, line, lines }) =>
      `${source.file}:${line} function ${name} has ${lines} lines, more than ${functionLines}`,
  );
  if (source.lines <= fileLines) return sentences;
  return [`${source.file} has ${source.lines} lines, more than ${fileLines}`, ...sentences];
}

function medianViolations(files: readonly SourceFile[]): string[] {
  const fileMedian = median(files.map((file) => file.lines));
  const functionMedian = median(files.flatMap((file) => functionSizes(file).map((size) => size.lines)));
  const sentences: string[] = [];
  const { medianFileLines, medianFunctionLines } = sizeLimits;
  if (fileMedian > medianFileLines)
    sentences.push(`the median file has ${fileMedian} lines, more than ${medianFileLines}`);
  if (functionMedian > medianFunctionLines)
    sentences.push(`the median function has ${functionMedian} lines, more than ${medianFunctionLines}`);
  return sentences;
}

/** The medians are about what users read: sources of packages without tests and without plain re-exports. */
function isProduct({ file, isTest }: SourceFile): boolean {
  return file.startsWith('packages/') && file.includes('/src/') && !isTest && !file.endsWith('/index.ts');
}

/** The upper median; 0 of nothing. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

type FunctionNode = ts.FunctionLikeDeclaration & { readonly body: ts.Node };

function isFunction(node: ts.Node): node is FunctionNode {
  return ts.isFunctionLike(node) && 'body' in node && node.body !== undefined;
}

function isDescribeCallback(node: ts.Node): boolean {
  return ts.isCallExpression(node.parent) && node.parent.expression.getText().startsWith('describe');
}

function sizeOf(node: FunctionNode, tree: ts.SourceFile): FunctionSize {
  const first = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line;
  const last = tree.getLineAndCharacterOfPosition(node.end).line;
  return { name: node.name?.getText(tree) ?? '(anonymous)', line: first + 1, lines: last - first + 1 };
}

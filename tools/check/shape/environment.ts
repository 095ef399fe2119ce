import ts from 'typescript';
import type { SourceFile } from './source-file.ts';

/** Where the environment may be read: the applications and the loader of configuration. */
const readers = /^packages\/((cli|agent|server|dashboard)\/|plugin-kit\/src\/config\/)/;

/** Sentences about reads of `process.env` in published code outside of the places meant for it. */
export function environmentViolations({ file, isTest, tree }: SourceFile): string[] {
  if (isTest || !file.startsWith('packages/') || readers.test(file)) return [];
  const sentences: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node) && node.getText(tree) === 'process.env') {
      const { line } = tree.getLineAndCharacterOfPosition(node.getStart(tree));
      sentences.push(
        `${file}:${line + 1} reads process.env: take an option, the applications read the environment`,
      );
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return sentences;
}

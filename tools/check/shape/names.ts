import path from 'node:path';
import ts from 'typescript';
import type { SourceFile } from './source-file.ts';

const vagueWords = ['util', 'utils', 'helper', 'helpers', 'manager'];

/** Sentences about names that say nothing and about file names that are not kebab-case. */
export function nameViolations(source: SourceFile): string[] {
  return [...pathViolations(source.file), ...declarationViolations(source)];
}

function pathViolations(file: string): string[] {
  const parts = file.split('/').map((part) => part.replace(/\.(test|int\.test|config)?\.?[cm]?ts$/, ''));
  const vague = parts.filter((part) => part.split('-').some((word) => vagueWords.includes(word)));
  const sentences = vague.map((part) => `${file} is named "${part}": name the thing it does`);
  const base = path.basename(file);
  if (/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*\.ts$/.test(base)) return sentences;
  return [...sentences, `${file} is not kebab-case`];
}

function declarationViolations({ file, tree }: SourceFile): string[] {
  const sentences: string[] = [];
  const visit = (node: ts.Node): void => {
    const name = declaredName(node);
    if (name !== undefined && isVague(name))
      sentences.push(`${file} declares "${name}": name the thing it does`);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return sentences;
}

function declaredName(node: ts.Node): string | undefined {
  if (ts.isClassDeclaration(node) || ts.isFunctionDeclaration(node)) return node.name?.text;
  if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return node.name.text;
  return undefined;
}

function isVague(name: string): boolean {
  return /(Utils?|Helpers?|Manager)$/.test(name) || vagueWords.includes(name.toLowerCase());
}

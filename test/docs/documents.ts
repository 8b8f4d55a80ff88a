/** The documentation as tests see it: its files, their fenced blocks, headings and links. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

export interface Document {
  /** From the root of the project. */
  readonly path: string;
  readonly text: string;
}

/** The files that these tests hold to the code. */
export const documents: readonly Document[] = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  join('src', 'README.md'),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => join('docs', name)),
].map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

export function documentAt(path: string): Document {
  const found = documents.find((document) => document.path === path);
  if (found === undefined) throw new Error(`there is no document ${path}`);
  return found;
}

/** A fenced block: its language, the marks behind it, and its text without the fences. */
export interface Block {
  readonly language: string;
  readonly marks: readonly string[];
  readonly text: string;
  /** Number of the line with the opening fence, from 1. */
  readonly line: number;
  /** Where the text lies in the document. */
  readonly start: number;
  readonly end: number;
}

const fence = /^```(\S*)([^\n]*)\n((?:(?!```).*\n)*)```$/gm;

export function blocksOf({ text }: Document): Block[] {
  return [...text.matchAll(fence)].map((match) => {
    const [whole, language = '', marks = '', body = ''] = match;
    const end = match.index + whole.length - '```'.length;
    const line = text.slice(0, match.index).split('\n').length;
    return { language, marks: marks.split(' ').filter((mark) => mark !== ''), text: body, line, start: end - body.length, end };
  });
}

/** The value of a mark such as `file=name`. */
export function markOf({ marks }: Block, name: string): string | undefined {
  return marks.find((mark) => mark.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** The text outside of fenced blocks. */
export function proseOf({ text }: Document): string {
  return text.replace(fence, '');
}

/** The headings, as the anchors that links name. */
export function anchorsOf(document: Document): Set<string> {
  const headings = [...proseOf(document).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** A section: the text behind a heading of the second level up to the next one. */
export function sectionsOf({ text }: Document): Map<string, string> {
  const [, ...sections] = text.split(/^## /m);
  return new Map(
    sections.map((section) => {
      const [heading = '', ...lines] = section.split('\n');
      return [heading.trim(), lines.join('\n')];
    }),
  );
}

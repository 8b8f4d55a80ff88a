/** What `npm pack` puts into the package: enough for every link in it to lead somewhere. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { proseOf, root } from './documents.ts';

/** Paths of the files in the package. */
function packed(): string[] {
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root, encoding: 'utf8' });
  const [{ files }] = JSON.parse(output) as [{ files: readonly { path: string }[] }];
  return files.map(({ path }) => path);
}

/** The files that a document links to, outside of its code. */
function linkedFrom(path: string): string[] {
  const prose = proseOf({ path, text: readFileSync(join(root, path), 'utf8') });
  const targets = [...prose.matchAll(/\]\(([^)#\s]+)/g)].map(([, target = '']) => target);
  return targets.filter((target) => !/^https?:/.test(target)).map((target) => join(dirname(path), target));
}

test('links lead to files in the package', () => {
  const files = new Set(packed());
  const documents = [...files].filter((path) => path.endsWith('.md') && !path.startsWith('dist'));
  expect(documents).toContain('README.md');
  const broken = documents.flatMap((path) =>
    linkedFrom(path)
      .filter((target) => !files.has(target))
      .map((target) => `${path} → ${target}`),
  );
  expect(broken).toEqual([]);
});

/** What is in a directory and those below it. */

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Contents by path, with slashes. */
export function filesBelow(directory: string): Record<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort();
  return Object.fromEntries(paths.map((path) => [relative(directory, path).replaceAll('\\', '/'), readFileSync(path, 'utf8')]));
}

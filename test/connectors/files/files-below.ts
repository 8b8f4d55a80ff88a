/** What is in a directory and those below it. */

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Contents by path, with slashes. */
export function filesBelow(directory: string): Record<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort();
  return Object.fromEntries(paths.map((path) => [relative(directory, path).replaceAll('\\', '/'), textOf(path, readFileSync(path))]));
}

/** What a reader gets of a file: compressed ones are unpacked. */
export function textOf(path: string, bytes: Uint8Array): string {
  return (path.endsWith('.gz') ? gunzipSync(bytes) : Buffer.from(bytes)).toString();
}

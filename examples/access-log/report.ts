/** The report of the access log, as aligned columns. */

export interface UrlTotals {
  /** The URL; null for all lines that were not in the format. */
  readonly key: string | null;
  readonly hits: number;
  readonly bytes: number;
  readonly errors: number;
}

const urlsShown = 20;
const urlCharactersMax = 40;
const number = new Intl.NumberFormat('en');

export function report(rows: readonly UrlTotals[]): string {
  const urls = rows.filter(({ key }) => key !== null).sort((a, b) => b.hits - a.hits || (String(a.key) < String(b.key) ? -1 : 1));
  const malformed = rows.find(({ key }) => key === null)?.hits ?? 0;
  const hits = sumOf(urls, 'hits');
  return [
    line('hits', 'share', 'bytes', 'errors', 'URL'),
    ...urls.slice(0, urlsShown).map((row) => urlLine(row, hits)),
    ...(urls.length > urlsShown ? [`… and ${number.format(urls.length - urlsShown)} more`] : []),
    '',
    `${number.format(hits)} hits of ${number.format(urls.length)} URLs, ${number.format(sumOf(urls, 'bytes'))} bytes, ${number.format(sumOf(urls, 'errors'))} errors`,
    `${number.format(malformed)} malformed lines`,
  ].join('\n');
}

function urlLine({ key, hits, bytes, errors }: UrlTotals, allHits: number): string {
  const url = String(key);
  const shown = url.length > urlCharactersMax ? `${url.slice(0, urlCharactersMax - 1)}…` : url;
  return line(number.format(hits), `${((100 * hits) / allHits).toFixed(1)} %`, number.format(bytes), number.format(errors), shown);
}

function line(hits: string, share: string, bytes: string, errors: string, url: string): string {
  return `${hits.padStart(9)} ${share.padStart(7)} ${bytes.padStart(15)} ${errors.padStart(8)}  ${url}`;
}

function sumOf(rows: readonly UrlTotals[], field: 'hits' | 'bytes' | 'errors'): number {
  return rows.reduce((sum, row) => sum + row[field], 0);
}

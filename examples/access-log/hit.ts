/** One line of an access log as the few values that the report needs. */

export interface Hit {
  /** Without its query; null for a line that is not in the format. */
  readonly url: string | null;
  readonly bytes: number;
  /** 1 where the server answered with an error (status 400 or above), else 0. */
  readonly errors: number;
}

const malformed: Hit = { url: null, bytes: 0, errors: 0 };

/**
 * Finds the values by the characters around them:
 *
 *     203.0.113.9 - anna [03/Mar/2025:06:00:00 +0000] "GET /search?q=tent HTTP/2.0" 200 5120 "https://…" "Mozilla/5.0 …"
 *                                                      method              answered ↑   ↑ bytes, or -
 *
 * That is faster than a regular expression for the whole line, which would also cut out what nobody asked for.
 */
export function parseHit(line: string): Hit {
  const request = line.indexOf('"') + 1;
  const requestEnd = line.indexOf('" ', request);
  const url = line.indexOf(' ', request) + 1;
  const urlEnd = line.lastIndexOf(' ', requestEnd);
  if (request === 0 || requestEnd < 0 || url === 0 || urlEnd < url) return malformed;

  const status = Number(line.substring(requestEnd + 2, requestEnd + 5));
  const bytesStart = requestEnd + 6;
  const bytesEnd = line.indexOf(' ', bytesStart);
  const bytesText = line.substring(bytesStart, bytesEnd);
  const bytes = bytesText === '-' ? 0 : Number(bytesText);
  if (!(status >= 100) || bytesEnd < bytesStart || !(bytes >= 0)) return malformed;

  const query = line.indexOf('?', url);
  return { url: line.substring(url, query >= 0 && query < urlEnd ? query : urlEnd), bytes, errors: status >= 400 ? 1 : 0 };
}

/** What the command line says of records that were not what their format says. Pure. */

import type { JobMetrics } from '../api/job-client.ts';

/** Reasons that are shown. */
const shownMax = 10;

/** A line for each reason. */
export function badRecordsLines({ badRecords }: Pick<JobMetrics, 'badRecords'>): string[] {
  const lines = badRecords.slice(0, shownMax).map(({ source, reason, records, sample: { file, offset, text } }) => {
    const count = records === 1 ? '1 bad record' : `${records} bad records`;
    return `${count} of '${source}': ${reason}; the first in ${file} at byte ${offset}: ${JSON.stringify(text)}`;
  });
  const more = badRecords.length - lines.length;
  return more > 0 ? [...lines, `and bad records for ${more} more reasons`] : lines;
}

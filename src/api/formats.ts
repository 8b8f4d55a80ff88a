/** Formats under the names that users know them by. */

import { combinedLog, commonLog } from '../formats/access-log.ts';
import { cloudFront, elb } from '../formats/cloud-logs.ts';
import { csv, tsv } from '../formats/csv.ts';
import { text } from '../formats/format.ts';
import { json } from '../formats/json.ts';
import { logfmt } from '../formats/logfmt.ts';
import { ltsv } from '../formats/ltsv.ts';
import { pattern } from '../formats/pattern.ts';
import { regex } from '../formats/regex.ts';
import { syslog } from '../formats/syslog.ts';

/** What the bytes of files, of standard input and of sockets mean. */
export const formats = { text, commonLog, combinedLog, pattern, json, logfmt, ltsv, csv, tsv, syslog, elb, cloudFront, regex } as const;

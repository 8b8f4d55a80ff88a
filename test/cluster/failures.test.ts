/** Functions of a job that throw: the job ends with the operator's name, the record, and the error as it was thrown. */

import { describe, expect, it } from 'vitest';
import { failureOf, jobModule, testCluster } from './support.ts';

describe('a user function that throws', () => {
  const withRecord = [
    ['create', 'create'],
    ['map', 'mapper'],
    ['filter', 'sieve'],
    ['flatMap', 'splitter'],
    ['process', 'processor'],
    ['key', 'processor'],
    ['custom', 'processor'],
    ['reduce', 'reducer'],
    ['write', 'store'],
    ['writeAsync', 'asyncStore'],
  ] as const;
  const withoutRecord = [
    ['open', 'processor'],
    ['close', 'processor'],
    ['createWriter', 'store'],
    ['flush', 'store'],
    ['finish', 'store'],
    ['closeSink', 'store'],
    ['flushAsync', 'asyncStore'],
    ['finishAsync', 'asyncStore'],
  ] as const;

  it('names operator and record and keeps the original stack', async () => {
    const cluster = testCluster({ slots: 2 });
    for (const [where, operator] of withRecord) {
      const job = await cluster.submit(jobModule('failing'), { args: { where } });
      const error = await failureOf(job.result());
      expect(error, where).toMatchObject({ code: 'USER_FUNCTION', cause: { name: 'RangeError', message: `broken ${where}` } });
      expect(error.message).toContain(`'${operator}'`);
      expect(error.message).toContain(`RangeError: broken ${where}`);
      expect(error.message).toContain('record 7');
      expect((error.cause as Error).stack).toContain('failing.mjs');
      expect(job.status()).toBe('failed');
    }
  });

  it('names the operator where there is no record', async () => {
    const cluster = testCluster({ slots: 2 });
    for (const [where, operator] of withoutRecord) {
      const job = await cluster.submit(jobModule('failing'), { args: { where } });
      const error = await failureOf(job.result());
      expect(error, where).toMatchObject({ code: 'USER_FUNCTION', cause: { name: 'RangeError', message: `broken ${where}` } });
      expect(error.message).toContain(`'${operator}'`);
      expect(error.message).not.toContain('record');
      expect((error.cause as Error).stack).toContain('failing.mjs');
    }
  });
});

/** Records to a web service, with a real server: batched, answered well, badly, late, or not at all. */

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type HttpSinkOptions, httpSink } from '../../../src/connectors/http/http-sink.ts';
import { retryAfterMs, retryDelayMs } from '../../../src/connectors/http/retry.ts';
import type { Sink, SinkContext, SinkWriter } from '../../../src/graph/sink.ts';
import { http } from '../../../src/index.ts';
import { nodeSystem } from '../../../src/platform/node-system.ts';
import { ManualClock, TestEnvironment } from '../../../src/testing/index.ts';
import { describeSinkConformance, type OpenSink } from '../sink-conformance.ts';
import { sinkContext } from '../support.ts';
import { type Answer, TestService } from './server.ts';

let service: TestService;
let paths = 0;

beforeAll(async () => {
  service = await TestService.start();
});
afterAll(() => service.close());

/** Says how the next requests are answered. */
function answer(...answers: readonly Answer[]): void {
  service.answers.push(...answers);
}

const status =
  (code: number, body = '', headers: Readonly<Record<string, string>> = {}): Answer =>
  (response) =>
    void response.writeHead(code, headers).end(body);

/** A writer to a path of its own, on a clock that stands still. */
function open(options: HttpSinkOptions = {}, changes: Partial<SinkContext> = {}) {
  const path = `/${++paths}`;
  const clock = new ManualClock(0, (callback) => void setImmediate(callback));
  const warnings: string[] = [];
  const failures: unknown[] = [];
  const context = sinkContext({
    system: { ...nodeSystem(), clock, timers: clock, random: { next: () => 0.5 } },
    warn: (message) => warnings.push(message),
    fail: (error) => failures.push(error),
    ...changes,
  });
  const writer: SinkWriter<unknown> = httpSink(`${service.url}${path}?key=secret`, options).createWriter(context);
  onTestFinished(() => writer.close?.());
  const bodies = () => service.bodies(`${path}?key=secret`);
  return { writer, clock, warnings, failures, path, bodies };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

function openConformant(options: HttpSinkOptions, records: (body: string) => string[]): OpenSink {
  const url = `${service.url}/${++paths}`;
  const sink: Sink<never> = {
    name: 'http',
    createWriter: (context) => httpSink(`${url}/${context.subtask}`, options).createWriter(context),
  };
  const seen = (subtask: number) => service.bodies(`${url}/${subtask}`.slice(service.url.length)).flatMap(records);
  return { sink, text: (record) => JSON.stringify(record), seen };
}

const records = [{ a: 1, b: 'x' }, null, [1, 2], 'é\n', 3.5, { nested: { deep: true } }];

describeSinkConformance('requests of JSON arrays', {
  records,
  open: () => openConformant({ batchSize: 4 }, (body) => (JSON.parse(body) as unknown[]).map((each) => JSON.stringify(each))),
});

describeSinkConformance('requests of JSON lines', {
  records,
  open: () => openConformant({ format: 'json-lines', batchBytes: 12 }, (body) => body.split('\n').slice(0, -1)),
});

describe('batches', () => {
  test('are full, or what there is at a barrier', async () => {
    const { writer, bodies } = open({ batchSize: 3 });
    for (let i = 1; i <= 7; i++) await writer.write(i);
    await writer.flush?.();
    expect(bodies()).toEqual(['[1,2,3]', '[4,5,6]', '[7]']);
  });

  test('have so many bytes at most, but for a record that has more', async () => {
    const { writer, bodies } = open({ batchBytes: 10, format: 'json-lines' });
    for (const record of ['abc', 'é', 'a long one, all alone', 'd', 'e']) await writer.write(record);
    await writer.flush?.();
    expect(bodies()).toEqual(['"abc"\n', '"é"\n', '"a long one, all alone"\n', '"d"\n"e"\n']);
  });

  test('leave when they have waited for long enough, and not when the engine asks in passing', async () => {
    const { writer, clock, bodies } = open({ linger: '3s' });
    writer.write('a');
    expect(writer.flush?.(true)).toBeUndefined();
    clock.advance(2999);
    writer.write('b');
    expect(clock.nextTimer).toBe(3000);
    clock.advance(1);
    await until(() => bodies().length > 0);
    expect(bodies()).toEqual(['["a","b"]']);
    await writer.flush?.();
    expect(bodies()).toHaveLength(1);
  });

  test('are on their way as many as may be; the input waits for the next', async () => {
    const { writer, bodies } = open({ batchSize: 1, maxInFlight: 2 });
    const waiting: (() => void)[] = [];
    const late: Answer = (response) => void waiting.push(() => response.writeHead(200).end());
    answer(late, late);
    expect(writer.write(1)).toBeUndefined();
    expect(writer.write(2)).toBeUndefined();
    const third = writer.write(3);
    await until(() => waiting.length === 2);
    expect(bodies().sort()).toEqual(['[1]', '[2]']);
    waiting[0]?.();
    await third;
    const flushed = writer.flush?.();
    waiting[1]?.();
    await flushed;
    expect(bodies().sort()).toEqual(['[1]', '[2]', '[3]']);
  });

  test('that linger leave when there is room', async () => {
    const { writer, clock, bodies } = open({ batchSize: 2, linger: 10 });
    let release = () => {};
    answer((response) => {
      release = () => void response.writeHead(200).end();
    });
    writer.write(1);
    writer.write(2);
    await until(() => bodies().length === 1);
    writer.write(3);
    clock.advance(10);
    expect(bodies()).toHaveLength(1);
    release();
    await until(() => bodies().length === 2);
    expect(bodies()).toEqual(['[1,2]', '[3]']);
  });

  test('say what they are', async () => {
    const { writer, path } = open({ format: 'json-lines', method: 'PUT', headers: { 'X-Token': 't' } });
    writer.write({});
    await writer.flush?.();
    const last = service.received.findLast((each) => each.path.startsWith(`${path}?`));
    expect(last).toMatchObject({ method: 'PUT', headers: { 'content-type': 'application/x-ndjson', 'x-token': 't' } });
  });
});

describe('a request is made again', () => {
  const soon = { delay: 0 };

  test.each<[string, Answer, RegExp]>([
    ['500', status(500, 'out of\n  order'), /: 500 Internal Server Error: out of order; trying again, 10 times in all$/],
    ['503', status(503), /: 503 Service Unavailable; trying/],
    ['429', status(429), /: 429 Too Many Requests; trying/],
    ['a connection that breaks', (response) => void response.destroy(), /: (UND_ERR_SOCKET|ECONNRESET)/],
    [
      'an answer that breaks off',
      (response) => void response.writeHead(200).write('x', () => response.destroy()),
      /: (UND_ERR_SOCKET|terminated)/,
    ],
  ])('at %s', async (_, failure, warning) => {
    const { writer, clock, bodies, warnings } = open({ retry: soon });
    answer(failure, failure);
    writer.write('a');
    const flushed = writer.flush?.();
    for (let i = 0; i < 2; i++) {
      await until(() => clock.nextTimer !== Number.POSITIVE_INFINITY);
      clock.advance(0);
    }
    await flushed;
    expect(bodies()).toEqual(['["a"]', '["a"]', '["a"]']);
    expect(warnings).toEqual([expect.stringMatching(warning)]);
    expect(warnings[0]).not.toContain('secret');
  });

  test('when no answer comes in time', async () => {
    const { writer, clock, bodies, warnings } = open({ timeout: 20 });
    answer(() => {});
    writer.write('a');
    let isOut = false;
    const flushed = Promise.resolve(writer.flush?.()).then(() => {
      isOut = true;
    });
    // A machine that is busy may be late more than once.
    await until(() => {
      if (clock.nextTimer !== Number.POSITIVE_INFINITY) clock.advance(30_000);
      return isOut;
    });
    await flushed;
    expect(bodies().length).toBeGreaterThanOrEqual(2);
    expect(warnings).toEqual([expect.stringMatching(/no answer within 20 ms/)]);
  });

  test('when the service asks for, but not sooner than it would be', async () => {
    const { writer, clock, bodies } = open();
    answer(status(429, '', { 'retry-after': '7' }), status(503, '', { 'retry-after': '0' }));
    writer.write('a');
    const flushed = writer.flush?.();
    for (const at of [7000, 7400]) {
      await until(() => clock.nextTimer !== Number.POSITIVE_INFINITY);
      expect(clock.nextTimer).toBe(at);
      clock.advance(at - clock.now());
    }
    await flushed;
    expect(bodies()).toHaveLength(3);
  });

  test('when nobody has listened', async () => {
    const gone = await TestService.start();
    gone.close();
    const clock = new ManualClock(0, (callback) => void setImmediate(callback));
    const context = sinkContext({ system: { ...nodeSystem(), clock, timers: clock } });
    const writer = httpSink<string>(`${gone.url}/a`, { retry: soon }).createWriter(context);
    writer.write('a');
    const flushed = writer.flush?.();
    await until(() => clock.nextTimer !== Number.POSITIVE_INFINITY);
    const back = await TestService.start(Number(new URL(gone.url).port));
    onTestFinished(() => back.close());
    clock.advance(0);
    await flushed;
    expect(back.bodies('/a')).toEqual(['["a"]']);
  });
});

describe('fails the job', () => {
  test('when no attempt is left, and sends nothing more', async () => {
    const { writer, bodies, failures } = open({ batchSize: 1, retry: { attempts: 1 } });
    answer(status(502, 'no\nupstream'));
    writer.write('a');
    const message = expect.stringMatching(
      /^cannot send a record to http:\/\/127.0.0.1:\d+\/\d+, tried once: 502 Bad Gateway: no upstream$/,
    );
    await until(() => failures.length > 0);
    expect(failures).toEqual([expect.objectContaining({ code: 'SINK_FAILED', message })]);
    expect(() => writer.write('b')).toThrow(/502/);
    expect(() => writer.flush?.()).toThrow(/502/);
    expect(bodies()).toHaveLength(1);
  });

  test.each<[number, Readonly<Record<string, string>>, RegExp]>([
    [400, {}, /refuses 2 records: 400 Bad Request: \{"error":"no such field"\}$/],
    [401, {}, /401 Unauthorized/],
    [413, {}, /413 Payload Too Large/],
    [301, { location: 'https://example.com/' }, /301 Moved Permanently.*; it has moved to https:\/\/example.com\/: name that URL/],
  ])('at %i', async (code, headers, message) => {
    const { writer, bodies, warnings } = open();
    answer(status(code, '{"error":"no such field"}', headers));
    writer.write(1);
    writer.write(2);
    await expect(writer.flush?.()).rejects.toMatchObject({ code: 'SINK_REFUSED', message: expect.stringMatching(message) });
    expect(bodies()).toEqual(['[1,2]']);
    expect(warnings).toEqual([]);
  });

  test('quotes as much of an answer as people read', async () => {
    const { writer } = open();
    answer(status(400, 'x'.repeat(100_000)));
    writer.write(1);
    await expect(writer.flush?.()).rejects.toThrow(/^.{400,600}…$/);
  });

  test('not when it is closed on the way', async () => {
    const { writer, clock, failures, bodies } = open({ batchSize: 1, maxInFlight: 2 });
    answer(status(503), () => {});
    writer.write('a');
    writer.write('b');
    await until(() => clock.nextTimer !== Number.POSITIVE_INFINITY && bodies().length === 2);
    writer.close?.();
    await until(() => clock.nextTimer === Number.POSITIVE_INFINITY);
    expect(failures).toEqual([]);
  });
});

test('every record of a job comes to the service, also one that fails now and then', async () => {
  const env = new TestEnvironment();
  answer(status(500), status(204), status(429), status(503));
  env.fromSequence(1, 50).sinkTo(http.sink(`${service.url}/job`, { batchSize: 8 }));
  await env.execute();
  const taken = new Set(service.bodies('/job').flatMap((body) => JSON.parse(body) as number[]));
  expect([...taken].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
});

describe('delays', () => {
  const retry = { attempts: 10, delayMs: 100, backoff: 2, delayMsMax: 1000, jitter: 0.2 };

  test('grow up to the longest, a little by chance', () => {
    const delays = (chance: number) => [1, 2, 3, 4, 5].map((attempt) => retryDelayMs(retry, attempt, { next: () => chance }));
    expect(delays(0.5)).toEqual([100, 200, 400, 800, 1000]);
    expect(delays(0)).toEqual([80, 160, 320, 640, 800]);
    expect(delays(1)).toEqual([120, 240, 480, 960, 1000]);
  });

  test.each<[string | null, number]>([
    ['3', 3000],
    [' 0 ', 0],
    ['Thu, 01 Jan 1970 00:01:00 GMT', 50_000],
    ['Thu, 01 Jan 1970 00:00:01 GMT', 0],
    ['99999999999', 2 ** 31 - 1],
    ['soon', 0],
    [null, 0],
  ])('that are asked for by %j are %i ms', (header, expected) => {
    expect(retryAfterMs(header, 10_000)).toBe(expected);
  });
});

test.each<[unknown, unknown, RegExp]>([
  ['ftp://x', {}, /the URL must be the URL of a service/],
  ['http://user:pass@x', {}, /name and password, if any, in headers\.authorization/],
  [7, {}, /the URL must be/],
  ['http://x', { format: 'xml' }, /'json-array' or 'json-lines', not 'xml'/],
  ['http://x', { headers: { 'a b': 'c' } }, /headers: .*a b/],
  ['http://x', { linger: 'soon' }, /linger: 'soon' is not a duration/],
  ['http://x', { retry: { attempts: 0 } }, /retry\.attempts must be a whole number from 1/],
  ['http://x', { retry: { jitter: 2 } }, /retry\.jitter must be a number from 0 to 1/],
  ['http://x', { batchSze: 1 }, /did you mean 'batchSize'/],
])('refuses %j with %j', (url, options, message) => {
  expect(() => http.sink(url as string, options as HttpSinkOptions)).toThrow(message);
});

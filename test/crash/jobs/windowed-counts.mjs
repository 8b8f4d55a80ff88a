// Counts the records of each key in windows of a second of event time, from text files to files, exactly once.
import { count, eventTime, files, sum, watermarks } from '../../../dist/index.js';
import { environment, input, isRecord, output, run } from './settings.mjs';

const env = environment();

env
  .readTextFile(input('events'))
  .filter(isRecord)
  .map((line) => {
    const [at, key, value] = line.split(' ');
    return { at: Number(at), key, value: Number(value) };
  })
  .assignTimestampsAndWatermarks(watermarks.boundedOutOfOrderness('500ms', { timestamp: 'at' }))
  .keyBy('key')
  .window(eventTime.tumbling('1s'))
  .aggregate({ records: count(), total: sum('value') })
  .map(({ key, start, records, total }) => `${start} ${key} ${records} ${total}`)
  .sinkTo(files.sink(output('counts'), { format: 'text', rolling: { size: 4096 } }));

await run(env, 'windowed counts');

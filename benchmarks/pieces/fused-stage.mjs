/**
 * A stage of map → filter → map, as the stage compiler generates it, against the same closures in a loop written by hand, and
 * against operators that hand each record on by a virtual call. Once over a batch of columns, which is what comes from other
 * threads and files, and once over a batch of objects.
 *
 *   node benchmarks/pieces/fused-stage.mjs [ms]
 */
import { StreamEnvironment } from 'millrace';
import { AnyColumn } from '../../dist/batch/column.js';
import { RecordBatch } from '../../dist/batch/record-batch.js';
import { StageCompiler } from '../../dist/compiler/stage-compiler.js';
import { planDescription } from '../../dist/runtime/plan.js';
import { anyRecord, internType, t } from '../../dist/schema/type.js';
import { report, time } from './timing.mjs';

const rows = 1024;
const batches = 64;

const price = ({ count, each, region }) => ({ total: count * each, region });
const isNear = ({ region }) => region < 5;
const tax = ({ total, region }) => total * (region + 1);

/** Where all alternatives leave their results, so that they can be compared and nothing can be left out. */
let sum = 0;
/** @type {import('millrace').Sink<number>} */
const summing = {
  name: 'summing',
  createWriter: () => ({
    write(value) {
      sum += value;
    },
  }),
};

const orders = Array.from({ length: rows }, (_, i) => ({ count: i % 17, each: (i * 31) % 101, region: (i * 7) % 10 }));
const columns = batchOfColumns(orders);
const objects = batchOfObjects(orders);

const alternatives = {
  'columns: generated': generated(columns),
  'columns: by hand': byHand(columns),
  'columns: virtual calls': virtualCalls(recordsOf(columns)),
  'objects: generated': generated(objects),
  'objects: by hand': byHandOverObjects(orders),
  'objects: virtual calls': virtualCalls((take) => {
    for (let i = 0; i < rows; i++) take(orders[i]);
  }),
};
requireSameSums(alternatives);
const msOf = await time(repeat(alternatives));

report('fused-stage', ['columns', 'objects'].flatMap((batch) => figuresOf(batch)));

/** @param {string} batch */
function figuresOf(batch) {
  const [stage, hand, virtual] = ['generated', 'by hand', 'virtual calls'].map((name) => msOf(`${batch}: ${name}`));
  const perSecond = (ms) => (rows * batches * 1000) / ms;
  return [
    { name: `${batch}: the generated stage`, value: perSecond(stage), unit: 'records/s' },
    { name: `${batch}: by hand`, value: perSecond(hand), unit: 'records/s' },
    { name: `${batch}: virtual calls`, value: perSecond(virtual), unit: 'records/s' },
    { name: `${batch}: generated, as a share of by hand`, value: hand / stage, unit: '×', goal: '≥ 0.8' },
    { name: `${batch}: generated, as a multiple of virtual calls`, value: virtual / stage, unit: '×', goal: '≥ 4' },
  ];
}

/** The loop that a subtask would run: the graph from the public API, compiled by the real compiler. */
function generated(batch) {
  const env = new StreamEnvironment({ parallelism: 1 });
  env.fromData([]).map(price).filter(isNear).map(tax).sinkTo(summing);
  const plan = planDescription(env.describe('fused stage'));
  const [stage] = plan.job.stages;
  const context = { failure: (error) => error, subtask: 0, parallelism: 1 };
  const instances = stage.operators.map((operator) => operator.spec.create({ ...context, operator }));
  const compiler = new StageCompiler({ stage, outputs: [], instances, failures: instances.map(() => context.failure), retains: false });
  for (const instance of instances) instance.open?.();
  const loop = compiler.inputLoop(batch, undefined);
  return () => loop(batch, 0, rows);
}

function byHand(batch) {
  const [count, each, region] = batch.columns.map(({ values }) => values);
  return () => {
    for (let i = 0; i < rows; i++) {
      const priced = price({ count: count[i], each: each[i], region: region[i] });
      if (isNear(priced)) sum += tax(priced);
    }
  };
}

function byHandOverObjects(records) {
  return () => {
    for (let i = 0; i < rows; i++) {
      const priced = price(records[i]);
      if (isNear(priced)) sum += tax(priced);
    }
  };
}

class MapOperator {
  constructor(fn, next) {
    this.fn = fn;
    this.next = next;
  }

  process(record) {
    this.next.process(this.fn(record));
  }
}

class FilterOperator {
  constructor(fn, next) {
    this.fn = fn;
    this.next = next;
  }

  process(record) {
    if (this.fn(record)) this.next.process(record);
  }
}

class SinkOperator {
  constructor(writer) {
    this.writer = writer;
  }

  process(record) {
    this.writer.write(record);
  }
}

/** How stream processors are usually built: each operator calls the next one. */
function virtualCalls(forEach) {
  const chain = new MapOperator(price, new FilterOperator(isNear, new MapOperator(tax, new SinkOperator(summing.createWriter()))));
  const take = (record) => chain.process(record);
  return () => forEach(take);
}

function recordsOf(batch) {
  const [count, each, region] = batch.columns.map(({ values }) => values);
  return (take) => {
    for (let i = 0; i < rows; i++) take({ count: count[i], each: each[i], region: region[i] });
  };
}

function batchOfColumns(records) {
  const type = internType(t.object({ count: t.float64, each: t.float64, region: t.float64 }).record);
  const batch = new RecordBatch(type, { capacity: rows, timestamps: false, hashes: false });
  for (const [column, name] of type.names.entries()) {
    for (let i = 0; i < rows; i++) batch.columns[column].values[i] = records[i][name];
  }
  batch.rowCount = rows;
  return batch;
}

function batchOfObjects(records) {
  const batch = new RecordBatch(internType(anyRecord), { capacity: 0, timestamps: false, hashes: false });
  const [column] = batch.columns;
  if (!(column instanceof AnyColumn)) throw new Error('records of no known type lie in one column');
  column.values = records;
  batch.rowCount = rows;
  return batch;
}

function requireSameSums(all) {
  const sums = Object.values(all).map((call) => {
    sum = 0;
    call();
    return sum;
  });
  if (new Set(sums).size !== 1) throw new Error(`the alternatives differ: ${sums.join(', ')}`);
}

/** Calls long enough for the clock. */
function repeat(all) {
  return Object.fromEntries(
    Object.entries(all).map(([name, call]) => [
      name,
      () => {
        for (let i = 0; i < batches; i++) call();
      },
    ]),
  );
}

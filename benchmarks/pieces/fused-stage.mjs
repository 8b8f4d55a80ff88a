/**
 * A stage of map → filter → map, as the stage compiler generates it, against the same functions in a loop written by hand, and
 * against operators that hand each record on by a virtual call. Once over a batch of columns, which is what comes from other
 * threads and from files, and once over a batch of objects.
 *
 *   node benchmarks/pieces/fused-stage.mjs [ms]
 */

import { RecordBatch } from '../../dist/modules/batch/record-batch.js';
import { StageCompiler } from '../../dist/modules/compiler/stage-compiler.js';
import { StreamEnvironment } from '../../dist/modules/index.js';
import { planDescription } from '../../dist/modules/runtime/plan.js';
import { anyRecord, internType, t } from '../../dist/modules/schema/type.js';
import { functionsFor, makeOrder } from './orders.mjs';
import { report, time } from './timing.mjs';
import { chainsOfOperators } from './virtual-operators.mjs';

/** @typedef {import('./orders.mjs').Order} Order */
/** @typedef {ReturnType<typeof arraysOf>} Arrays */

const rows = 1024;
/** Batches a call: long enough for the clock. */
const batches = 64;

/** Where all alternatives leave their results, so that they can be compared and nothing can be left out. */
const sum = new Float64Array(1);
/** @type {import('millrace').Sink<number>} */
const summing = {
  name: 'summing',
  createWriter: () => ({
    write(value) {
      sum[0] += value;
    },
  }),
};

/** Two inputs, in turn: of the only one that a loop ever sees, V8 would know the addresses and lengths when it compiles. */
const inputs = [0, 1].map((input) => {
  const orders = Array.from({ length: rows }, (_, i) => makeOrder(input * rows + i));
  return { orders, arrays: arraysOf(orders) };
});

const alternatives = {
  'columns: generated': await generated(inputs.map(batchOfColumns)),
  'columns: by hand': await columnsByHand(),
  'columns: virtual calls': await columnsByVirtualCalls(),
  'objects: generated': await generated(inputs.map(batchOfObjects)),
  'objects: by hand': await objectsByHand(),
  'objects: virtual calls': await objectsByVirtualCalls(),
};
const results = checkedSums();
const msOf = await time(repeated());
report('fused-stage', { figures: [...figuresOf('columns'), ...figuresOf('objects')], results });

/**
 * @param {string} batch
 * @returns {import('../runner/measure.mjs').Figure[]}
 */
function figuresOf(batch) {
  const [stage, hand, virtual] = ['generated', 'by hand', 'virtual calls'].map((name) => msOf(`${batch}: ${name}`));
  const perSecond = (/** @type {number} */ ms) => (rows * batches * 1000) / ms;
  return [
    { name: `${batch}: the generated stage`, value: perSecond(stage), unit: 'records/s' },
    { name: `${batch}: by hand`, value: perSecond(hand), unit: 'records/s' },
    { name: `${batch}: virtual calls`, value: perSecond(virtual), unit: 'records/s' },
    { name: `${batch}: generated, as a share of by hand`, value: hand / stage, unit: '×', goal: '≥ 0.8' },
    { name: `${batch}: generated, as a multiple of virtual calls`, value: virtual / stage, unit: '×', goal: '≥ 4' },
  ];
}

/**
 * The loop that a subtask would run: the graph from the public API, compiled by the real compiler.
 *
 * @param {readonly RecordBatch[]} pair
 */
async function generated(pair) {
  const { price, isNear, tax } = await functionsFor(`generated ${pair[0].type.form}`);
  const env = new StreamEnvironment({ parallelism: 1 });
  env.fromData([]).map(price).filter(isNear).map(tax).sinkTo(summing);
  const [stage] = planDescription(env.describe('fused stage')).job.stages;
  const failure = (/** @type {unknown} */ error) => error;
  const instances = stage.operators.map((operator) => operator.spec.create({ operator, failure, subtask: 0, parallelism: 1 }));
  for (const instance of instances) instance.open?.();
  const compiler = new StageCompiler({ stage, outputs: [], instances, failures: instances.map(() => failure), retains: false });
  const loop = compiler.inputLoop(pair[0], undefined);
  return (/** @type {number} */ input) => loop(pair[input]);
}

async function columnsByHand() {
  const { price, isNear, tax } = await functionsFor('columns by hand');
  const writer = summing.createWriter();
  const loop = (/** @type {Arrays} */ { count, each, region }) => {
    for (let i = 0; i < count.length; i++) {
      const priced = price({ count: count[i], each: each[i], region: region[i] });
      if (isNear(priced)) writer.write(tax(priced));
    }
  };
  return (/** @type {number} */ input) => loop(inputs[input].arrays);
}

async function objectsByHand() {
  const { price, isNear, tax } = await functionsFor('objects by hand');
  const writer = summing.createWriter();
  const loop = (/** @type {Order[]} */ records) => {
    for (let i = 0; i < records.length; i++) {
      const priced = price(records[i]);
      if (isNear(priced)) writer.write(tax(priced));
    }
  };
  return (/** @type {number} */ input) => loop(inputs[input].orders);
}

async function columnsByVirtualCalls() {
  const chains = chainsOfOperators(await functionsFor('columns by virtual calls'), summing.createWriter());
  const loop = (/** @type {Arrays} */ { count, each, region }) => {
    const chain = chains[0];
    for (let i = 0; i < count.length; i++) chain.process({ count: count[i], each: each[i], region: region[i] });
  };
  return (/** @type {number} */ input) => loop(inputs[input].arrays);
}

async function objectsByVirtualCalls() {
  const chains = chainsOfOperators(await functionsFor('objects by virtual calls'), summing.createWriter());
  const loop = (/** @type {Order[]} */ records) => {
    const chain = chains[0];
    for (let i = 0; i < records.length; i++) chain.process(records[i]);
  };
  return (/** @type {number} */ input) => loop(inputs[input].orders);
}

/**
 * What a program without an engine would have: an array for each field.
 *
 * @param {Order[]} orders
 */
function arraysOf(orders) {
  return {
    count: Float64Array.from(orders, ({ count }) => count),
    each: Float64Array.from(orders, ({ each }) => each),
    region: Float64Array.from(orders, ({ region }) => region),
  };
}

/** @param {{ arrays: Arrays }} input */
function batchOfColumns({ arrays }) {
  const type = internType(t.object({ count: t.float64, each: t.float64, region: t.float64 }).record);
  const batch = new RecordBatch(type, { capacity: rows, timestamps: false, hashes: false });
  for (const [i, name] of type.names.entries()) {
    batch.columns[i].values(rows).set(arrays[name]);
  }
  batch.rowCount = rows;
  return batch;
}

/** @param {{ orders: Order[] }} input */
function batchOfObjects({ orders }) {
  const batch = new RecordBatch(internType(anyRecord), { capacity: 0, timestamps: false, hashes: false });
  batch.columns[0].values = orders;
  batch.rowCount = rows;
  return batch;
}

/** What each alternative adds up, of each input: the same. */
function checkedSums() {
  return [...inputs.keys()].flatMap((input) => {
    const results = Object.entries(alternatives).map(([alternative, call]) => {
      sum[0] = 0;
      call(input);
      return { alternative, input, sum: sum[0] };
    });
    if (results.some((result) => result.sum !== results[0].sum)) throw new Error(`the alternatives differ: ${JSON.stringify(results)}`);
    return results;
  });
}

function repeated() {
  const calls = Object.entries(alternatives).map(([name, call]) => [
    name,
    () => {
      for (let i = 0; i < batches; i++) call(i & 1);
    },
  ]);
  return Object.fromEntries(calls);
}

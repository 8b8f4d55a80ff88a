/**
 * How stream processors are usually built: each operator is an object that hands every record to the next one. The chain is one
 * of several that have run in the process, as in an engine that has more operators than one job uses; V8 would inline the only
 * chain that it ever saw.
 */

/** @typedef {{ process(record: any): void }} Next */

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

class FlatMapOperator {
  constructor(fn, next) {
    this.fn = fn;
    this.next = next;
  }

  process(record) {
    for (const each of this.fn(record)) this.next.process(each);
  }
}

class TeeOperator {
  constructor(...nexts) {
    this.nexts = nexts;
  }

  process(record) {
    for (const next of this.nexts) next.process(record);
  }
}

class ReduceOperator {
  constructor(fn, next) {
    this.fn = fn;
    this.next = next;
    this.value = undefined;
  }

  process(record) {
    this.value = this.value === undefined ? record : this.fn(this.value, record);
    this.next.process(this.value);
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

/**
 * map → filter → map → sink
 *
 * @param {{ price: Function, isNear: Function, tax: Function }} functions
 * @param {{ write(value: number): void }} writer
 * @returns {Next[]} one chain, in an array: of an object that it takes for a constant, V8 would inline everything behind it
 */
export function chainsOfOperators({ price, isNear, tax }, writer) {
  runOtherJobs();
  return [new MapOperator(price, new FilterOperator(isNear, new MapOperator(tax, new SinkOperator(writer))))];
}

function runOtherJobs() {
  const ignore = () => new SinkOperator({ write() {} });
  const chains = [
    new MapOperator((n) => n + 1, new FlatMapOperator((n) => [n, n], ignore())),
    new MapOperator((n) => n * 2, new ReduceOperator((a, b) => a + b, new FilterOperator((n) => n > 5, ignore()))),
    new MapOperator((n) => n - 1, new TeeOperator(ignore(), new MapOperator(String, ignore()))),
    new FilterOperator((n) => n % 3 === 0, new ReduceOperator(Math.max, ignore())),
    new FilterOperator((n) => n % 5 !== 0, new FlatMapOperator((n) => [n], new TeeOperator(ignore()))),
    new MapOperator((n) => ({ n }), new FilterOperator(({ n }) => n > 10, new MapOperator(({ n }) => n, ignore()))),
    new FilterOperator(Boolean, new TeeOperator(new FilterOperator(Number.isInteger, ignore()))),
  ];
  for (let i = 0; i < 1000; i++) for (const chain of chains) chain.process(i);
}

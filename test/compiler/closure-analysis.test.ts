/**
 * The closure analysis: the facts it finds, and that acting on them cannot be noticed. Most functions are compiled from
 * text, since a compiler or a linter would refuse or repair what makes them interesting.
 */

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the sources of functions are text here.

import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyseClosure, type ParameterUse, parameterUse, type ResultShape } from '../../src/compiler/closure-analysis.ts';

type AnyFunction = (...args: unknown[]) => unknown;
type RecordObject = { [field: string]: unknown } | unknown[];

const lookup = { key: 'a', list: ['x', 'y'] };

/** The value of an expression in sloppy code, beside some names that the closures below refer to. */
function evaluate(expression: string, strict = false): AnyFunction {
  const directive = strict ? '"use strict";' : '';
  const names = ['lookup', 'seen', 'keys', 'identity', 'inspect'];
  const scope = new Function(...names, `${directive} return (${expression}\n);`);
  return scope(lookup, [], Object.keys, (value: unknown) => value, inspect) as AnyFunction;
}

function show(use: ParameterUse): string {
  return use.kind === 'fields' ? use.fields.join(' ') : use.kind.toUpperCase();
}

function showShape(shape: ResultShape): string {
  if (shape.kind === 'object') return `{${shape.fields.join(' ')}}`;
  return shape.kind === 'tuple' ? `[${shape.length}]` : shape.kind;
}

describe('parameterUse', () => {
  const readsOfFields: [source: string, fields: string][] = [
    ['p => p.a', 'a'],
    ['p => p.b + p.a + p.b', 'b a'],
    ["p => p['a b']", 'a b'],
    ['p => p[0] + p[10]', '0 10'],
    ['p => p[1e3]', '1000'],
    ['p => p?.a?.b', 'a'],
    ['p => p?.[0]', '0'],
    ['p => p.\\u0061', 'a'],
    ['p => p.a.b.c()', 'a'],
    ['p => { p.a.b = 1; p.a.c++; delete p.a.d; [p.a.e] = [1]; }', 'a'],
    ['p => (0, p.a)()', 'a'],
    ['p => new p.a()', 'a'],
    ['p => typeof p.a', 'a'],
    ['p => identity(p.a, ...p.b)', 'a b'],
    ['p => `${p.a}`', 'a'],
    ['p => identity`${p.a}`', 'a'],
    ['p => lookup[p.a]', 'a'],
    ['p => ({ [p.a]: p.b, p: 1 })', 'a b'],
    ['p => ({ ...p.a })', 'a'],
    ['p => { let x; ({ [p.a]: x } = lookup); return x }', 'a'],
    ['p => { for (const x of p.a) { p: for (;;) break p } }', 'a'],
    ['p => { const { a, b: c } = p; return a + c }', 'a b'],
    ['p => { var { a = 1, b: { c } } = p, [x] = p; return a }', 'a b 0'],
    ['p => { const [, y, , z] = p; return y + z }', '1 3'],
    ['({ a, b: { c, ...d }, "e f": g, 7: h }) => a', 'a b e f 7'],
    ['({ a = 1, b = a }) => a + b', 'a b'],
    ['([x, [y], { z }]) => x', '0 1 2'],
    ['([, y = 1]) => y', '1'],
    ['p => () => () => p.a', 'a'],
    ['p => [1].map((x) => x + p.a)', 'a'],
    ['p => class extends p.a { [p.b] = p.c; static { this.d = p.d } p() { return p.e } }', 'a b c d e'],
    ['async p => { await null; return p.a }', 'a'],
    ['async (p) => p.a', 'a'],
    ['function* (p) { yield p.a }', 'a'],
    ['async function* (p) { yield p.a }', 'a'],
    ['function p(p) { "use strict"; return p.a }', 'a'],
    ['function (p) { /* p */ return p // } p\n.a }', 'a'],
    ['({ map(p) { return p.a } }).map', 'a'],
    ['({ async map(p) { return p.a } }).map', 'a'],
    ['({ *map(p) { yield p.a } }).map', 'a'],
    ['({ async *["m" + 1](p) { yield p.a } }).m1', 'a'],
    ['({ get(p) { return p.a } }).get', 'a'],
    ['({ async(p) { return p.a } }).async', 'a'],
    ['({ function(p) { return p.a } }).function', 'a'],
    ['({ "quoted key"(p) { return p.a } })["quoted key"]', 'a'],
    ['(class { static map(p) { return p.a } }).map', 'a'],
    ['(class { #limit = 1; map = (p) => p.a > this.#limit }, new (class { #limit = 1; map = (p) => p.a > this.#limit })).map', 'a'],
    ['new Function("p", "return p.a //# sourceURL=x")', 'a'],
    ['p => p.length + p.constructor + p.toString', 'length constructor toString'],
    ['p => p.__proto__', '__proto__'],
    // Shadowed names are no uses; where the scope begins and ends decides.
    ['p => [1].map((p) => p) + p.a', 'a'],
    ['p => [1].map(({ p }, [q = p]) => p) + p.a', 'a'],
    ['p => { { let p = 1; identity(p) } return p.a }', 'a'],
    ['p => { { identity(p); function p() {} } return p.a }', 'a'],
    ['p => { { class p { static x = p } identity(p) } return p.a }', 'a'],
    ['p => { try { throw p.a } catch (p) { return p } }', 'a'],
    ['p => { try { throw 1 } catch ({ p, x = p }) { return p } }', 'UNUSED'],
    ['p => { try { throw 1 } catch { return p } }', 'WHOLE'],
    ['p => { for (let p = 0; p < 3; p++) identity(p); return p.a }', 'a'],
    ['p => { for (const p of [1]) identity(p); return p.a }', 'a'],
    ['p => { switch (p.a) { case 1: let p = 1; return p } }', 'a'],
    ['p => { switch (p) { case 1: let p = 1 } }', 'WHOLE'],
    ['p => (function p() { return p }, p.a)', 'a'],
    ['p => (class p { x = p }, p.a)', 'a'],
    ['p => (() => { var p = 1; return p })() + p.a', 'a'],
    ['p => (() => { if (1) { for (var p of [1]); } return p })() + p.a', 'a'],
    ['p => (() => { return p(); function p() {} })() + p.a', 'a'],
    ['p => ((x = p) => { var p = 1; return x })()', 'WHOLE'],
    ['p => ((x = p.a) => { var p = 1; return p })()', 'a'],
    ['p => (() => { class X { static { var p = 1 } } return p })()', 'WHOLE'],
    ['p => { class X { static { var p = 1; this.x = p } } return p.a }', 'a'],
    ['p => (() => { { let p } return p })()', 'WHOLE'],
    ['p => ({ p() { return p } })', 'WHOLE'],
    ['p => (function q() { { function p() {} } return p })()', 'WHOLE'],
    ['(p, q = p.a) => q', 'a'],
    ['q => 1', 'UNUSED'],
    ['p => { p: for (;;) break p; return { p: 1 }.p }', 'UNUSED'],
    ['(p, ...rest) => p.a + rest.length', 'a'],
  ];
  it.each(readsOfFields)('%s', (source, expected) => {
    expect(show(parameterUse(analyseClosure(evaluate(source)), 0))).toBe(expected);
  });

  const escapes = [
    'p => p',
    'p => p.f()',
    'p => p?.f()',
    'p => p.f?.()',
    "p => p['f']()",
    'p => (p.f)()',
    'p => (p?.f)()',
    'p => (p?.f)?.()',
    'p => p.f`x`',
    'p => (p?.f)`x`',
    'p => p()',
    'p => new p()',
    'p => { p.a = 1 }',
    'p => { p.a += 1 }',
    'p => { p.a ??= 1 }',
    'p => p.a++',
    'p => --p[0]',
    'p => delete p.a',
    'p => delete p?.a',
    'p => { [p.a] = [1] }',
    'p => { [p.a = 2] = [1] }',
    'p => { [...p.a] = [1] }',
    'p => { ({ x: p.a } = lookup) }',
    'p => { ({ x: p.a = 1 } = lookup) }',
    'p => { ({ ...p.a } = lookup) }',
    'p => { for (p.a of [1]); }',
    'p => { for (p.a in lookup); }',
    'p => { for ([p.a] of [[1]]); }',
    'p => { p = { a: 1 }; return p.a }',
    'p => { var p; return p.a }',
    'p => { if (p.a) { var p = 1 } return p.a }',
    'p => { function p() {} return p.a }',
    'p => { var { p } = lookup; return p.a }',
    'p => { for (var p of [1]); }',
    'p => identity(p)',
    'p => ({ p })',
    'p => ({ ...p })',
    'p => [p]',
    'p => [...p]',
    'p => identity(...p)',
    'p => `${p}`',
    'p => identity`${p}`',
    "p => 'a' in p",
    'p => p in lookup',
    'p => p instanceof Object',
    'p => p === null',
    'p => !p',
    'p => typeof p',
    'p => void p',
    'p => p && p.a',
    'p => p ? 1 : 2',
    'p => p[lookup.key]',
    "p => { const k = 'a'; return p[k] }",
    'p => { const { [a]: x } = p; return x; var a }',
    'p => { function p(p) {} return p.a }',
    "p => p['a' + 'b']",
    'p => p[`a`]',
    'p => p[-1]',
    'p => p[1n]',
    'p => p[/a/]',
    'p => p[null]',
    'p => p[p.a]',
    'p => { const q = p; return q.a }',
    'p => { const { a, ...r } = p; return r }',
    'p => { const [a, ...r] = p; return r }',
    'p => { const { [lookup.key]: a } = p; return a }',
    "p => { const { ['a']: a } = p; return a }",
    'p => { let a; return { a } = p }',
    'p => { for (const { a } of p) return a }',
    'p => { for (const a in p) return a }',
    'p => { throw p }',
    'p => () => p',
    'p => (q = p) => q',
    'p => class extends p {}',
    'function* (p) { yield p }',
    'function* (p) { yield* p }',
    'async (p) => await p',
    'async (p) => { for await (const x of p) return x }',
    '({}) => 1',
    '([]) => 1',
    '([,]) => 1',
    '({ a, ...r }) => r',
    '([a, ...r]) => r',
    '({ [lookup.key]: a }) => a',
    '(p = {}) => p.a',
    '({ a } = {}) => a',
    '([a] = []) => a',
    '(...p) => p[0].a',
    'function (p) { return arguments[0] }',
    'function (p) { return (() => arguments.length)() + p.a }',
    'function (p, q = arguments[0]) { return p.a }',
    'function (p) { return \\u0061rguments[0] }',
    'function self(p) { return self.arguments[0] && p.a }',
    "function self(p) { return self['arguments'][0] && p.a }",
    "p => eval('p')",
    "p => (() => eval('p'))() + p.a",
    'function (p) { with (lookup) { return p.a } }',
    'p => { with (p) { return a } }',
    'class { constructor(p) { p.a } }',
    'Object.getOwnPropertyDescriptor({ get a() { return 1 } }, "a").get',
    'Object.getOwnPropertyDescriptor({ set a(p) { p.a } }, "a").set',
    '((p) => p.a).bind(null)',
    'new Proxy((p) => p.a, {})',
    'Math.max',
    'Map',
    '(class { static #a = 1; static map(p) { return p.#a } }).map',
    '(class { static #a = 1; static map(p) { return #a in p } }).map',
  ];
  it.each(escapes)('whole: %s', (source) => {
    expect(parameterUse(analyseClosure(evaluate(source)), 0)).toEqual({ kind: 'whole' });
  });

  it.each<[source: string, paths: string]>([
    ['p => p.a', 'a'],
    ['p => p.a.b + p.a.c', 'a.b a.c'],
    ['p => p.a.b.c.d', 'a.b.c.d'],
    ["p => p?.a?.['b c'].d", 'a.b c.d'],
    ['p => (p?.a).b ?? (p.a?.b).c', 'a.b a.b.c'],
    ['p => p.a.b()', 'a'],
    ['p => p.a.b.c()', 'a.b'],
    ['p => p.a[p.b.c]', 'a b.c'],
    ['p => p.a && p.a.b', 'a a.b'],
    ['p => { p.a.b = 1; delete p.b.c; p.c.d++; [p.d.e] = [1]; }', 'a b c d'],
    ['p => { p.a.b.c = 1 }', 'a.b'],
    ['p => ({ ...p.a.b })', 'a.b'],
    ['p => "b" in p.a', 'a'],
    ['p => { const a = p.a; return a.b }', 'a'],
    ['p => { const { b, c: { d } } = p.a; return b + d }', 'a.b a.c.d'],
    ['p => { const { b } = p?.a ?? {}; return b }', 'a'],
    ['p => { const { b, ...c } = p.a; return c }', 'a'],
    ['({ a: { b, c: [d] }, e }) => b + d + e', 'a.b a.c e'],
    ['({ a: { b } = lookup }) => b', 'a.b'],
    ['({ a: { b = 1 }, c: {} }) => b', 'a.b c'],
    ["({ a: { ['b' + 1]: c } }) => c", 'a'],
    ['([{ a }]) => a', '0'],
    ['p => { for (const { b } of p.a) identity(b) }', 'a'],
    ['p => { ({ b: identity.x } = p.a) }', 'a'],
  ])('knows what is read of the values of fields: %s', (source, paths) => {
    const use = parameterUse(analyseClosure(evaluate(source)), 0);
    expect(use.kind === 'fields' && use.paths.map((path) => path.join('.')).join(' ')).toBe(paths);
  });

  it('sees each parameter by itself', () => {
    const facts = analyseClosure(evaluate('(p, { x }, q, unread, ...rest) => p.a + x + identity(q)'));
    expect(facts.parameters.map(show)).toEqual(['a', 'x', 'WHOLE', 'UNUSED']);
  });

  it('knows whether a function can see more than it declares', () => {
    const second = (source: string): string => show(parameterUse(analyseClosure(evaluate(source)), 1));
    expect(second('p => p.a')).toBe('UNUSED');
    expect(second('() => 1')).toBe('UNUSED');
    expect(second('(p, ...rest) => p.a')).toBe('WHOLE');
    expect(second('function (p) { return arguments }')).toBe('WHOLE');
    expect(second("p => eval('1')")).toBe('WHOLE');
    expect(second('Math.max')).toBe('WHOLE');
    expect(second('((p) => p.a).bind(null)')).toBe('WHOLE');
  });

  it('understands what a compiler makes of functions', () => {
    const helper = 'var __name = (target, value) => Object.defineProperty(target, "name", { value });';
    const source = `(() => { ${helper} return __name((p) => { const f = __name((x) => x + p.a, "f"); return f(p?.b ?? 1) }, "m") })()`;
    expect(show(parameterUse(analyseClosure(evaluate(source)), 0))).toBe('a b');
  });

  it('never throws, and knows nothing of any built-in function', () => {
    for (const owner of [Object, Array, Reflect, Math, Promise, JSON, Function.prototype, Array.prototype, globalThis]) {
      for (const { value } of Object.values(Object.getOwnPropertyDescriptors(owner))) {
        if (typeof value !== 'function' || !String(value).includes('[native code]')) continue;
        expect(parameterUse(analyseClosure(value), 0)).toEqual({ kind: 'whole' });
      }
    }
    expect(analyseClosure(null as never).result).toEqual({ kind: 'unknown' });
  });

  it('gives up on a source that is nested too deeply to walk', () => {
    const depth = 5_000;
    const fn = new Function('p', `return p.a${' + p.a'.repeat(depth)}`) as AnyFunction;
    expect(['a', 'WHOLE']).toContain(show(parameterUse(analyseClosure(fn), 0)));
  });

  it('looks at a function once', () => {
    const fn = evaluate('p => p.a');
    expect(analyseClosure(fn)).toBe(analyseClosure(fn));
  });

  it('reads the real source, whatever the function says about itself', () => {
    const liar = Object.assign(evaluate('p => identity(p)'), { toString: () => 'p => p.a' });
    expect(parameterUse(analyseClosure(liar), 0)).toEqual({ kind: 'whole' });
  });
});

describe('result', () => {
  const shapes: [source: string, shape: string][] = [
    ['p => ({ a: 1, b: p })', '{a b}'],
    ['p => ({ p, "b c": 2, 1.5: 3 })', '{p b c 1.5}'],
    ['p => ({})', '{}'],
    ['p => [p, 1]', '[2]'],
    ['p => []', '[0]'],
    ['p => (p.x, [1])', '[1]'],
    ['p => p ? { a: 1, b: 2 } : p.x ? { a: 2, b: 1 } : { a: 0, b: 0 }', '{a b}'],
    ['function (p) { return { a: () => { return 1 } } }', '{a}'],
    ['p => { if (p) return [1, 2]; return [3, 4] }', '[2]'],
    ['p => { if (p) { return [1] } else throw 1 }', '[1]'],
    ['p => { for (const x of p) { if (x) return { a: x } } { return { a: 1 } } }', '{a}'],
    ['p => { function inner() { return 1 } class X { m() { return 2 } } return { a: inner } }', '{a}'],
    ['({ map(p) { return { a: 1 } } }).map', '{a}'],
    ['function (p) { return [eval("1"), arguments] }', '[2]'],
  ];
  it.each(shapes)('%s', (source, shape) => {
    expect(showShape(analyseClosure(evaluate(source)).result)).toBe(shape);
  });

  const unknowns = [
    'p => p',
    'p => ({ a: 1 }).a',
    'p => p ? { a: 1, b: 2 } : { b: 2, a: 1 }',
    'p => p ? { a: 1 } : [1]',
    'p => p ? [1] : [1, 2]',
    'p => p ? { a: 1 } : null',
    'p => p && { a: 1 }',
    'p => { }',
    'p => { throw 1 }',
    'p => { return }',
    'p => { if (p) return { a: 1 } }',
    'p => { if (p) return { a: 1 }; else p.x }',
    'p => { if (p) return; return { a: 1 } }',
    'p => { if (p) return p; return { a: 1 } }',
    'p => { l: { if (p) break l; return { a: 1 } } }',
    'p => { l: try { return { a: 1 } } finally { break l } }',
    'p => { try { return { a: 1 } } finally { return 1 } }',
    'p => { while (true) { return { a: 1 } } }',
    'async p => ({ a: 1 })',
    'function* (p) { return { a: 1 } }',
    'p => ({ ...p })',
    'p => ({ [p]: 1 })',
    'p => ({ ["a"]: 1 })',
    'p => ({ a() {} })',
    'p => ({ get a() { return 1 } })',
    'p => ({ set a(x) {} })',
    'p => ({ __proto__: null, a: 1 })',
    'p => { const __proto__ = 1; return { __proto__ } }',
    'p => ({ a: 1, a: 2 })',
    'p => ({ a: 1, 2: 2 })',
    'p => ({ a: 1, "2": 2 })',
    'p => ({ a: 1, 4294967295: 2 })',
    'p => ({ a: 1, 1n: 2 })',
    'p => [...p]',
    'p => [1, , 2]',
    'class { }',
    'Math.max',
    '(() => ({ a: 1 })).bind(null)',
  ];
  it.each(unknowns)('unknown: %s', (source) => {
    expect(analyseClosure(evaluate(source)).result).toEqual({ kind: 'unknown' });
  });
});

/** What generated code would pass instead of the record. */
function prune(record: RecordObject, use: ParameterUse): RecordObject | undefined {
  if (use.kind === 'unused') return undefined;
  if (use.kind === 'whole' || !use.fields.every((field) => isOwnField(record, field))) return record;
  const { fields } = use;
  if (Array.isArray(record)) return record.map((value, index) => (fields.includes(String(index)) ? value : undefined));
  return Object.fromEntries(fields.map((field) => [field, record[field]]));
}

/** The fields of a schema: the length of an array is none. */
function isOwnField(record: RecordObject, field: string): boolean {
  return Object.hasOwn(record, field) && !(Array.isArray(record) && field === 'length');
}

/** Everything that a caller can see of a call at once: what it returns or throws, and what a returned function does. */
function observe(fn: AnyFunction, argument: unknown, depth = 0): string {
  try {
    return `returned ${unfold(fn(argument, 'second'), depth)}`;
  } catch (error) {
    return `threw ${unfold(error, depth)}`;
  }
}

function unfold(value: unknown, depth: number): string {
  if (value instanceof Error) return `${value.name} ${value.message}`;
  if (value instanceof Promise) return `promise ${value.catch(() => undefined) instanceof Promise}`;
  if (isIterator(value)) return `iterator of ${text([...value])}`;
  const isCallable = typeof value === 'function' && !/^class|native code/.test(String(value));
  if (isCallable && depth < 3) return `function that ${observe(() => value(), undefined, depth + 1)}`;
  return text(value);
}

/** A value as text, without the places that errors come from. */
function text(value: unknown): string {
  return inspect(value, { depth: 6, getters: true }).replaceAll(/\n +at .*/g, '');
}

function isIterator(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && 'next' in value && Symbol.iterator in value;
}

/** What an asynchronous function comes to. */
async function observeLater(fn: AnyFunction, argument: unknown): Promise<string> {
  try {
    const value = await fn(argument, 'second');
    const isAsyncIterator = typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
    return `resolved ${unfold(isAsyncIterator ? await drain(value as AsyncIterable<unknown>) : value, 0)}`;
  } catch (error) {
    return `rejected ${unfold(error, 0)}`;
  }
}

async function drain(values: AsyncIterable<unknown>): Promise<unknown[]> {
  const drained: unknown[] = [];
  for await (const value of values) drained.push(value);
  return drained;
}

const records: (() => RecordObject)[] = [
  () => ({ a: 1, b: { c: 2, d: [3] }, f: selfKeys, e: 'text', k: 'a' }),
  () => ({ a: null, b: undefined, e: [1, 2], f: 5, p: 1, length: 2, 0: 'zero' }),
  () => ({ other: 1 }),
  () => [1, { c: 2 }, 'three', selfKeys],
  () => [undefined, [5]],
  () => [],
];

/** A method that gives its receiver away. */
function selfKeys(this: unknown): string {
  return `this is ${inspect(this === globalThis ? undefined : this, { depth: 3 })}`;
}

describe('calling with the fields alone', () => {
  const closures = [
    'p => p.a',
    'p => p.b.c + p.a',
    'p => p.b?.d?.map((x) => x + p.a)',
    'p => [p[0], p[1]]',
    'p => p.missing',
    'p => p.length',
    'p => p.constructor',
    'p => p.toString',
    'p => p.__proto__',
    'p => p.hasOwnProperty',
    'p => p.f()',
    'p => p?.f()',
    'p => p.f?.()',
    'p => (p?.f)()',
    'p => (0, p.f)()',
    'p => p[3]()',
    'p => p.f`x`',
    'p => (p?.f)`x`',
    'p => p.f.call(p)',
    'p => new p.f()',
    'p => p.map((x) => x)',
    "p => { const k = 'a', a = 'b'; return [p[k], p[a]] }",
    'p => { for ([p.a] of [[1]]); return ++p.b }',
    'p => { ({ ...p.a } = { x: 1 }); [...p.b] = [1]; return p.a }',
    'p => { ({ x: p.a } = { x: 1 }); return p.a }',
    'p => delete p.a',
    'p => delete p?.a',
    'p => [...p]',
    'p => ({ ...p })',
    'p => ({ p })',
    'p => keys(p)',
    'p => JSON.stringify(p)',
    'p => `${p} ${typeof p}`',
    "p => 'other' in p",
    'p => { p.a = 5; return p }',
    'p => { p.z = p.a; return keys(p) }',
    'p => { delete p.a; return keys(p) }',
    'p => { [p.z] = [1]; return keys(p) }',
    'p => { ({ x: p.z } = { x: 1 }); return keys(p) }',
    'p => { for (p.z of [1, 2]); return keys(p) }',
    'p => { p.a++; return p.a }',
    'p => { const { a, ...r } = p; return r }',
    'p => { const { a, b: { c } = {} } = p; return [a, c] }',
    'p => { const [x, ...r] = p; return r }',
    'p => { const [x, , y] = p; return [x, y] }',
    'p => { const { [p.k]: x } = p; return x }',
    'p => { const { length, 0: x } = p; return [length, x] }',
    'p => { let a; const q = { a } = p; return q }',
    'p => { var { a } = p, p = a; return p }',
    'p => { var p; return p }',
    'p => { var p; return p.a }',
    'p => { function p() {} return p.a }',
    'p => { { function p() {} } return p.a }',
    'p => { { function p() {} } return p }',
    'p => { if (1) function p() {} return p }',
    'p => { l: function p() {} return typeof p }',
    'p => (() => { { function p() {} } return p })()',
    'p => (() => { "use strict"; { function p() {} } return p })()',
    'p => { p = { a: p.b, b: 7 }; return p }',
    'p => { { let p = { a: 2 }; p.z = 1; } return p.a }',
    'p => { { p.a; let p = 1 } }',
    'p => { for (let p of p.e) return p }',
    'p => { for (const p of [1, 2]) keys(p); return p.a }',
    'p => { switch (p.a) { case 1: let p = 2; return p; default: return p } }',
    'p => { switch (p) { case 1: let p = 2; return p; default: return 1 } }',
    'p => { try { throw p.a } catch (p) { return [p] } }',
    'p => { try { throw p } catch (q) { return q } }',
    'p => { try { throw 1 } catch (x) { return p } }',
    'p => { class p2 extends (p.f ?? Object) { x = p.a } return new p2().x }',
    'p => { const X = class p { static y = typeof p }; return [X.y, p.a] }',
    'p => (class { static { var p = 1 } }, p)',
    'p => ((x = p) => { var p = 1; return x })()',
    'p => ((x = () => p) => { var p = 1; return x() })()',
    'p => (function p(x) { return typeof p })(1) + p.a',
    'p => [1, 2].map((p) => p * 2).concat(p.a)',
    'p => [{ p: 1 }].map(({ p }) => p).concat(p.a)',
    'p => () => p.a',
    'p => () => p',
    'p => { p: for (;;) { break p } return { p: p.a } }',
    'p => ({ p: 1, get q() { return p.a } })',
    'p => ({ get q() { return p } })',
    'p => ({ p() { return p } }).p()',
    '({ a, b }) => [a, b]',
    '({ a = 4, b: { c, ...d } = {} }) => [a, c, d]',
    '({ a, ...r }) => r',
    '({ [lookup.key]: a }) => a',
    '({ length }) => length',
    '({}) => 1',
    '([]) => 1',
    '([x, y]) => [x, y]',
    '([, y = 9]) => y',
    '([x, ...r]) => r',
    '([[x]]) => x',
    '({ a }, q = a) => [a, q]',
    '(p = {}) => p.a',
    '({ a } = {}) => a',
    '(p, q = p) => [p.a, q]',
    '(p, q = () => p) => q()',
    '(...p) => p',
    '() => 1',
    'function () { return arguments[0] }',
    'function (p) { return arguments[0] }',
    'function (p) { return [...arguments, p.a] }',
    'function (p) { arguments[0] = { a: 8 }; return p.a }',
    'function (p) { return (() => arguments[0])() }',
    'function (p) { return (function () { return arguments.length })() + p.a }',
    'function self(p) { return [self.arguments[0], p.a] }',
    'function (p) { return [this === undefined, p.a] }',
    'function (p) { return new.target ?? p.a }',
    "p => eval('p')",
    "p => (0, eval)('typeof p')",
    "p => (() => eval('keys(p)'))()",
    'p => { with (p) { return typeof a } }',
    'p => { with ({ p: 1 }) { return p } }',
    'p => { with (lookup) { return keys(p) } }',
    'function* (p) { yield p.a; yield* [p.b] }',
    'function* (p) { yield p }',
    'function* ({ a }) { yield a }',
    'function* (p) { p = yield p.a; yield p }',
    'async (p) => { await null; return p.a }',
    'async (p) => { await null; return p }',
    'async (p) => { await null; throw p.a }',
    'async ({ a, ...r }) => r',
    'async function* (p) { yield p.a; await 1; yield p.b }',
    'async function* (p) { yield p }',
    '({ m(p) { return [this === undefined, p.a] } }).m',
    '({ m(p) { return super.toString === p.toString } }).m',
    '({ async m(p) { return p.a } }).m',
    '({ *m(p) { yield p.a } }).m',
    '(class { static m(p) { return p.a } }).m',
    '((p, x) => [p, x]).bind(null, 1)',
    '((p) => p.a).bind(null)',
    'new Proxy((p) => p.a, { apply: (target, self, args) => args })',
    'class { constructor(p) { this.p = p.a } }',
    'Object.keys',
    'JSON.stringify',
    'inspect',
    'Reflect.ownKeys',
  ];

  const compiled = closures.flatMap((source) => [false, true].flatMap((strict) => compiledOrNothing(source, strict)));

  it.each(compiled)('$source, strict: $strict', async ({ fn }) => {
    const use = parameterUse(analyseClosure(fn), 0);
    for (const make of records) {
      const [spared, given] = [make(), make()];
      expect(observe(fn, prune(spared, use))).toBe(observe(fn, given));
      expect(await observeLater(fn, prune(spared, use))).toBe(await observeLater(fn, given));
      // A write to the record would be missed by whoever gets it next.
      expect(text(spared)).toBe(text(given));
    }
  });

  it('saves something in many of these', () => {
    const pruned = compiled.filter(({ fn }) => parameterUse(analyseClosure(fn), 0).kind === 'fields');
    expect(pruned.length).toBeGreaterThan(80);
  });
});

/** Some of the sources are errors in strict code. */
function compiledOrNothing(source: string, strict: boolean): { source: string; strict: boolean; fn: AnyFunction }[] {
  try {
    return [{ source, strict, fn: evaluate(source, strict) }];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

/**
 * Small functions of a parameter `p`. Nothing in the grammar loops or calls itself, so that every program ends; reads
 * are frequent enough that a good part of the functions have only reads.
 */
const grammar = fc.letrec<{ expression: string; statement: string; block: string }>((tie) => {
  const name = fc.constantFrom('p', 'p', 'q');
  const read = fc.constantFrom('p.a', 'p.b', "p['e']", 'p?.b?.c', 'p[0]', 'p.f', 'q.a', 'q', '1');
  const leak = fc
    .constantFrom(
      'p',
      '{ ...p }',
      '[...p]',
      'keys(p)',
      'p.f()',
      '(p?.f)()',
      'p.f`x`',
      'p[lookup.key]',
      '(p.a = 2)',
      'p.a++',
      'delete p.b',
      'typeof p',
      '(p = { a: 7 })',
      '`${p}`',
      "eval('keys(p)')",
      'arguments[0]',
      '({ p })',
      '([p.z] = [1])',
    )
    .map((source) => (source.startsWith('{') ? `(${source})` : source));
  const inner = tie('expression');
  const body = tie('block');
  const fill = (template: (...parts: string[]) => string, ...parts: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
    fc.tuple(...parts).map((values) => template(...values));
  return {
    expression: fc.oneof(
      { maxDepth: 5, depthSize: 'small', withCrossShrink: true },
      { weight: 8, arbitrary: read },
      { weight: 1, arbitrary: leak },
      { weight: 1, arbitrary: fill((a, b) => `[${a}, ${b}]`, inner, inner) },
      { weight: 1, arbitrary: fill((a, b) => `({ p: ${a}, [${b}]: 1 })`, inner, inner) },
      { weight: 1, arbitrary: fill((a, b) => `(${a}, ${b})`, inner, inner) },
      { weight: 1, arbitrary: fill((n, a, b) => `((${n}) => ${a})(${b})`, name, inner, inner) },
      { weight: 1, arbitrary: fill((n, a, b, c) => `((${n}, r = ${a}) => { ${b} })(${c})`, name, inner, body, inner) },
      { weight: 1, arbitrary: fill((n, a, b) => `(({ ${n} = ${a} }) => ${b})({})`, name, inner, inner) },
      { weight: 1, arbitrary: fill((a, b) => `((x = ${a}) => { ${b} })()`, inner, body) },
      { weight: 1, arbitrary: fill((n, b) => `(function ${n}() { ${b} })()`, name, body) },
      { weight: 1, arbitrary: fill((n, a) => `new (class ${n} { p = ${a}; static { var p = 1 } })()`, name, inner) },
      { weight: 1, arbitrary: fill((a) => `(() => ${a})`, inner) },
    ),
    statement: fc.oneof(
      { maxDepth: 5, depthSize: 'small', withCrossShrink: true },
      { weight: 3, arbitrary: fill((a) => `seen.push(${a});`, inner) },
      {
        weight: 2,
        arbitrary: fc.constantFrom('const { a, b: c } = p;', 'var [x] = p;', 'var { e = 1 } = p;', 'let { a, ...r } = p;'),
      },
      { weight: 1, arbitrary: fill((n, a) => `var ${n} = ${a};`, fc.constantFrom('q', 'q', 'q', 'p'), inner) },
      { weight: 1, arbitrary: fill((n, a, b) => `{ let ${n} = ${a}; ${b} }`, name, inner, body) },
      { weight: 1, arbitrary: fill((n, b) => `{ ${b} function ${n}() {} }`, name, body) },
      { weight: 1, arbitrary: fill((n, b) => `{ class ${n} {} ${b} }`, name, body) },
      { weight: 1, arbitrary: fill((a, n, b) => `try { throw ${a}; } catch (${n}) { ${b} }`, inner, name, body) },
      { weight: 1, arbitrary: fill((n, a, b) => `for (let ${n} of [${a}]) { ${b} }`, name, inner, body) },
      { weight: 1, arbitrary: fill((a, n, b) => `switch (${a}) { default: let ${n} = 1; ${b} }`, inner, name, body) },
      { weight: 1, arbitrary: fill((b) => `p: { ${b} break p; }`, body) },
      { weight: 1, arbitrary: fill((a, b) => `if (${a}) { ${b} }`, inner, body) },
    ),
    block: fc
      .tuple(fc.array(tie('statement'), { maxLength: 3, size: 'small' }), tie('expression'), fc.boolean())
      .map(([statements, result, returns]) => `${statements.join(' ')} ${returns ? 'return ' : ''}${result};`),
  };
});

const heads = [
  '(p, q) => {',
  'function (p, q) {',
  'function p(p) { var q;',
  '({ a: q, b }, p = b) => {',
  '([q, p = q]) => {',
  'function q(p, r = () => p) {',
];

const program = fc
  .record({ head: fc.constantFrom(...heads), body: grammar.block, strict: fc.boolean() })
  .map(({ head, body, strict }) => compiledOrNothing(`(seen) => ${head} ${body} return seen; }`, strict)[0])
  .filter((compiled) => compiled !== undefined);

/** One call with a list of its own for what is seen on the way. */
function observeProgram(close: AnyFunction, argument: unknown): string {
  const seen: unknown[] = [];
  return `${observe(close(seen) as AnyFunction, argument)} after ${text(seen)}`;
}

describe('random functions', () => {
  it('cannot tell a record from its fields', () => {
    let prunedCount = 0;
    const property = fc.property(program, ({ fn: close }) => {
      const use = parameterUse(analyseClosure(close([]) as AnyFunction), 0);
      for (const make of records.slice(0, 4)) {
        const [spared, given] = [make(), make()];
        const pruned = prune(spared, use);
        if (use.kind === 'fields' && pruned !== spared) prunedCount += 1;
        expect(observeProgram(close, pruned)).toBe(observeProgram(close, given));
        expect(text(spared)).toBe(text(given));
      }
    });
    fc.assert(property, { numRuns: 500 });
    expect(prunedCount).toBeGreaterThan(20);
  });
});

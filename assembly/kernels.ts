/** What the module can do. */
export { mark, markGaps, take, words, wordsEnd } from './strings';
export { lines, nulls, numbers, separate } from './lines';

/** Persons: how each of their fields is made. */
import { StringDictionary } from 'millrace';
import { Choice } from './chance.mjs';
import { firstEventId, firstId, lastPerson } from './neighbourhood.mjs';
import { padding } from './padding.mjs';
import { copyLetters, copySlack } from './text-column.mjs';

export const firstNames = ['Peter', 'Paul', 'Luke', 'John', 'Saul', 'Vicky', 'Kate', 'Julie', 'Sarah', 'Deiter', 'Walter'];
export const lastNames = ['Shultz', 'Abrams', 'Spencer', 'White', 'Bartels', 'Walton', 'Smith', 'Jones', 'Noris'];
export const cities = ['Phoenix', 'Los Angeles', 'San Francisco', 'Boise', 'Portland', 'Bend', 'Redmond', 'Seattle', 'Kent', 'Cheyenne'];
export const states = ['AZ', 'CA', 'ID', 'OR', 'WA', 'WY'];

const names = firstNames.flatMap((first) => lastNames.map((last) => `${first} ${last}`));
const averageBytes = 200;
const idBytes = 8;
const creditCardBytes = 19;
const mailbox = { user: 7, host: 5, bytes: 7 + 1 + 5 + 4 };

/** What the fields may be besides '', which is in front and stands for events that are no persons. */
export const personWords = { name: names, city: cities, state: states };

/** @param {readonly string[]} words */
export function dictionaryOf(words) {
  const dictionary = new StringDictionary();
  for (const word of ['', ...words]) dictionary.add(word);
  return dictionary;
}

/**
 * @param {import('./generator.mjs').Making} making
 * @returns {import('./generator.mjs').FillsByField}
 */
export function personFills({ seed, letters, words }) {
  const name = new Choice(seed, 'person.name');
  const city = new Choice(seed, 'person.city');
  const state = new Choice(seed, 'person.state');
  const user = new Choice(seed, 'person.emailAddress.user');
  const host = new Choice(seed, 'person.emailAddress.host');
  const card = [0, 1, 2, 3].map((group) => new Choice(seed, `person.creditCard.${group}`));
  const extra = new Choice(seed, 'person.extra');

  /** @param {number} n */
  const sizeOf = (n) => {
    const ids = [name.below(n, names.length), city.below(n, cities.length), state.below(n, states.length)];
    words.take(user.word(n), mailbox.user);
    let size = idBytes + creditCardBytes + words.length + '@'.length + '.com'.length;
    words.take(host.word(n), mailbox.host);
    size += words.length;
    return size + names[ids[0]].length + cities[ids[1]].length + states[ids[2]].length;
  };

  /** @type {(choice: Choice, count: number) => import('./generator.mjs').FillOf<Int32Array>} */
  const oneOf = (choice, count) => (ids) => (row, end, n) => {
    for (; row < end; row++, n++) ids[row] = 1 + choice.below(n, count);
  };

  return {
    id: (values) => (row, end, n) => {
      for (; row < end; row++, n++) values[row] = firstId + lastPerson(n + firstEventId);
    },
    name: oneOf(name, names.length),
    city: oneOf(city, cities.length),
    state: oneOf(state, states.length),
    emailAddress: (column) => (row, end, n) => {
      let at = column.reserve(row, (end - row) * mailbox.bytes + copySlack);
      const { bytes, view, offsets } = column;
      for (; row < end; row++, n++) {
        words.take(user.word(n), mailbox.user);
        copyLetters(words.view, words.start, words.length, view, at);
        at += words.length;
        bytes[at++] = 64;
        words.take(host.word(n), mailbox.host);
        copyLetters(words.view, words.start, words.length, view, at);
        at += words.length;
        at += bytes.latin1Write('.com', at);
        offsets[row + 1] = at;
      }
    },
    creditCard: (column) => (row, end, n) => {
      let at = column.reserve(row, (end - row) * creditCardBytes);
      const { bytes, offsets } = column;
      for (; row < end; row++, n++) {
        const groups = card.map((group) => String(group.below(n, 10_000)).padStart(4, '0'));
        at += bytes.latin1Write(groups.join(' '), at);
        offsets[row + 1] = at;
      }
    },
    extra: padding({ letters, choice: extra, sizeOf, averageBytes }),
  };
}

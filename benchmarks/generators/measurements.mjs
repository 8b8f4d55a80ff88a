/**
 * Temperatures of weather stations as in the one billion row challenge, `station;temperature` with one decimal, of about 14 bytes a
 * line: 413 stations, each with its own mean, every one of them as often as another.
 */
import { Random } from '../../examples/generate.mjs';
import { Fragments, linesOf } from './line-writer.mjs';
import { stationNames } from './station-names.mjs';

const LIMIT_TENTHS = 999;
const LONGEST = 110;

/**
 * @param {{ bytes: number, seed: number }} options
 * @returns {Generator<Uint8Array, void, undefined>}
 */
export function measurementsChunks({ bytes, seed }) {
  const random = new Random(seed);
  const stations = new Fragments(stationNames.map((name) => `${name};`));
  const count = stationNames.length;
  const meanTenths = Int32Array.from({ length: count }, () => random.below(400) - 100);
  const temperatures = new Fragments(
    Array.from({ length: 2 * LIMIT_TENTHS + 1 }, (_, i) => `${((i - LIMIT_TENTHS) / 10).toFixed(1).replace(/^-0\.0$/, '0.0')}\n`),
  );

  return linesOf({ bytes, longest: LONGEST }, (writer) => {
    const draw = random.bits();
    const station = ((draw >>> 16) * count) >>> 16;
    writer.fragment(stations, station);
    // The sum of three draws is about as a bell, within 34 degrees of the mean.
    const spread = (draw & 0xff) + ((draw >>> 8) & 0xff) + (random.bits() & 0xff) - 383;
    const tenths = meanTenths[station] + (((spread * 9) / 10) | 0);
    writer.fragment(temperatures, Math.max(-LIMIT_TENTHS, Math.min(LIMIT_TENTHS, tenths)) + LIMIT_TENTHS);
  });
}

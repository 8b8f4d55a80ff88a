/** The channels by which bids come, each with its url: four hot ones, and ten thousand others. */
import { Choice } from './chance.mjs';

export const hotChannels = ['Google', 'Facebook', 'Baidu', 'Apple'];
export const otherChannels = 10_000;

/** The hot ones first. */
export const channelNames = [...hotChannels, ...Array.from({ length: otherChannels }, (_, i) => `channel-${i}`)];

const directories = 3;
/** A directory has one letter less, or all. */
const directoryLetters = 4;

/**
 * The urls of the channels. Nine of ten that are not hot tell an id.
 *
 * @param {number} seed
 */
export function channelUrls(seed) {
  const tagged = new Choice(seed, 'url.channel_id');
  const directoryOf = directoriesOf(seed);
  return channelNames.map((_, channel) => {
    const path = Array.from({ length: directories }, (_, place) => directoryOf(channel * directories + place)).join('/');
    const url = `https://www.nexmark.com/${path}/item.htm?query=1`;
    const other = channel - hotChannels.length;
    return other >= 0 && tagged.below(channel, 10) > 0 ? `${url}&channel_id=${Math.abs(reversed(other)) | 0}` : url;
  });
}

/**
 * Random letters, of which one in thirteen is an underscore.
 *
 * @param {number} seed
 * @returns {(n: number) => string}
 */
function directoriesOf(seed) {
  const length = new Choice(seed, 'url.length');
  const underscore = new Choice(seed, 'url.underscore');
  const letter = new Choice(seed, 'url.letter');
  return (n) => {
    const codes = Array.from({ length: directoryLetters - length.below(n, 2) }, (_, i) => {
      const at = n * directoryLetters + i;
      return underscore.below(at, 13) === 0 ? 95 : 97 + letter.below(at, 26);
    });
    return String.fromCharCode(...codes);
  };
}

/**
 * The 32 bits in reverse order. Of 1 it is the one number that has no positive counterpart: its channel_id is negative, as it is
 * in the published generator.
 *
 * @param {number} value
 */
function reversed(value) {
  let result = 0;
  for (let bit = 0; bit < 32; bit++) result = (result << 1) | ((value >>> bit) & 1);
  return result;
}

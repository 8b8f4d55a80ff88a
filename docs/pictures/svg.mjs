/**
 * What the pictures are drawn with. A page cannot tell a picture on which ground it is shown, so there is one set of colours for
 * light and dark: text has a contrast of 4.3 or more with white and with GitHub's dark page, shapes of 3.
 */

export const width = 720;

export const colours = { text: '#747a82', axis: '#747a82', record: '#d9730d', late: '#d0402f', window: '#2f7fbf', watermark: '#2f7fbf' };

/** @param title what is read aloud in place of the picture */
export function svg(height, title, parts) {
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" font-family="sans-serif">`;
  return [open, `<title>${title}</title>`, ...parts, '</svg>', ''].join('\n');
}

export function text(x, y, content, { anchor = 'middle', size = 11, colour = colours.text } = {}) {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" font-size="${size}" fill="${colour}">${content}</text>`;
}

export function dot(x, y, colour) {
  return `<circle cx="${round(x)}" cy="${round(y)}" r="5" fill="${colour}"/>`;
}

export function path(d, { colour = colours.axis, thickness = 1, dashes = '' } = {}) {
  const dashed = dashes === '' ? '' : ` stroke-dasharray="${dashes}"`;
  return `<path d="${d}" stroke="${colour}" stroke-width="${thickness}" fill="none"${dashed}/>`;
}

export function round(n) {
  return Math.round(n * 10) / 10;
}

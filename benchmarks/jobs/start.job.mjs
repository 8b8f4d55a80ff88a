/** The least job that there is: one row, to the program that submitted it. */
import { StreamEnvironment } from 'millrace';

const env = new StreamEnvironment();
env
  .fromData([20])
  .map((n) => n + 1)
  .toHost('rows');

await env.execute('start');

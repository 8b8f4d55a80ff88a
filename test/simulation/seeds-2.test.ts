/** Part 2 of the seeds that are run each time; `npm run sim` runs any others. */

import { describe } from 'vitest';
import { testSeeds } from './seeds-of-part.ts';

describe('the simulator, part 2', () => testSeeds(2));

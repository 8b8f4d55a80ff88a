import { expect, it } from 'vitest';
import { t } from '../../src/schema/type.ts';
import { TestEnvironment } from '../../src/testing/index.ts';

it('checks declared types in a chain', async () => {
  for (const chaining of [true, false]) {
    const env = new TestEnvironment({ chaining });
    const wrong = env
      .fromData([1, 2])
      .map((n) => `${n}` as unknown as number)
      .name('texts')
      .returns(t.float64)
      .map((n) => n + 1);
    await expect(env.collect(wrong)).rejects.toThrow(
      expect.objectContaining({ code: 'TYPE_MISMATCH', message: expect.stringContaining("'texts'") }),
    );
  }
});

/** The test kit of Millrace. */

export { ManualClock } from './manual-clock.ts';
export { TestEnvironment, type TestEnvironmentConfig } from './test-environment.ts';
